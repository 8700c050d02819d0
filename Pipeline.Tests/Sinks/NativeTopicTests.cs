using Confluent.Kafka;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Sinks;

[TestClass]
public sealed class NativeTopicTests
{
    [TestMethod]
    public async Task TooLargeSample_IsRefused_AndNothingBehindItIsTaken()
    {
        using NativeProducer client = Client(("message.max.bytes", "5000"));
        using var topic = new NativeTopic(client, "samples", maxBytes: 5000, copies: true);

        // The third is one that might be refused, and is not: 4947 bytes with its key.
        int taken = topic.Produce(OutputBatches.Of(0, "a", "b", new string('x', 2470), new string('x', 3000), "d"), 0, out Error? refusal);

        Assert.AreEqual(3, taken);
        Assert.AreEqual(ErrorCode.MsgSizeTooLarge, refusal?.Code);
        await Eventually.Holds(() => client.Undelivered == 3, "those in front of it, and no other, are queued");
    }

    [TestMethod]
    public async Task FullQueueInTheMiddleOfABatch_IsToldAtTheFirstNotTaken()
    {
        using NativeProducer client = Client(("queue.buffering.max.messages", "700"));
        using var topic = new NativeTopic(client, "samples", maxBytes: 1_000_000, copies: true);

        int taken = topic.Produce(OutputBatches.Of(0, Enumerable.Range(0, 2000).Select(static n => $"{n}")), 0, out Error? refusal);

        Assert.AreEqual(700, taken);
        Assert.AreEqual(ErrorCode.Local_QueueFull, refusal?.Code);
        await Eventually.Holds(() => client.Undelivered == 700, "those in front of it, and no other, are queued");
    }

    [TestMethod]
    public async Task ThrowingCallback_IsToldByFlush()
    {
        using NativeProducer client = new([new("bootstrap.servers", "127.0.0.1:1")], static (_, _) => { }, static _ => throw new FormatException("odd"), static () => { });
        InvalidOperationException? thrown = null;

        await Eventually.Holds(
            () =>
            {
                try
                {
                    client.Flush(TimeSpan.FromMilliseconds(10));
                }
                catch (InvalidOperationException told)
                {
                    thrown = told;
                }
                return thrown is not null;
            },
            "the callback's exception comes to light");

        Assert.Contains("odd", thrown!.Message);
    }

    private static NativeProducer Client(params (string Name, string Value)[] properties) => new(
        [new("bootstrap.servers", "127.0.0.1:1"), .. properties.Select(static property => new KeyValuePair<string, string>(property.Name, property.Value))],
        static (_, _) => { }, static _ => { }, static () => { });
}
