using System.Net;
using System.Net.Sockets;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Tests.Sinks;

[TestClass]
public sealed class RecordProducerTests
{
    [TestMethod]
    public async Task BrokerAwayPastTheLimit_IsUnavailableAndNamesTopicAndBroker()
    {
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        string bootstrap = $"127.0.0.1:{((IPEndPoint)port.LocalEndpoint).Port}";
        port.Stop();
        var options = new KafkaSinkOptions { Bootstrap = bootstrap, Topic = "samples" };
        var settings = new SampleSinkSettings { Clock = TimeProvider.System, Lanes = 1, UnavailableLimit = TimeSpan.FromSeconds(1) };
        using var producer = new RecordProducer(options, settings);

        Assert.AreEqual(2, producer.Produce(OutputBatches.Of(0, "a", "b"), 0));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await Task.Run(() => producer.Flush(TimeSpan.FromMilliseconds(100)))) deadline.Token.ThrowIfCancellationRequested();

        SinkUnavailableException thrown = Assert.ThrowsExactly<SinkUnavailableException>(producer.ThrowIfFailed);
        Assert.IsTrue(thrown.Broker);
        Assert.Contains($"Topic samples at {bootstrap}", thrown.Message);
    }

    [TestMethod]
    public void FullQueue_TakesNoMoreAndSaysWhereToGoOn()
    {
        var options = new KafkaSinkOptions
        {
            Bootstrap = "127.0.0.1:1",
            Topic = "samples",
            Properties = new Dictionary<string, string> { ["queue.buffering.max.messages"] = "3" },
        };
        using var producer = new RecordProducer(options, new SampleSinkSettings { Clock = TimeProvider.System, Lanes = 1 });

        Assert.AreEqual(3, producer.Produce(OutputBatches.Of(0, "a", "b", "c", "d"), 0));
        Assert.AreEqual(3, producer.Produce(OutputBatches.Of(0, "a", "b", "c", "d"), 3));
    }
}
