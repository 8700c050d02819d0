using System.Net;
using System.Net.Sockets;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Sinks;

/// <summary>A producer without a broker.</summary>
public abstract class SampleProducerTests
{
    private protected abstract ISampleProducer Create(KafkaSinkOptions options, SinkSettings settings);

    [TestMethod]
    public async Task BrokerAwayPastTheLimit_IsUnavailableAndNamesTopicAndBroker()
    {
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        string bootstrap = $"127.0.0.1:{((IPEndPoint)port.LocalEndpoint).Port}";
        port.Stop();
        var options = new KafkaSinkOptions { Bootstrap = bootstrap, Topic = "samples" };
        var settings = new SampleSinkSettings { Clock = TimeProvider.System, Lanes = 1, UnavailableLimit = TimeSpan.FromSeconds(1) };
        using ISampleProducer producer = Create(options, settings);

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
        using ISampleProducer producer = Create(options, new SampleSinkSettings { Clock = TimeProvider.System, Lanes = 1 });

        Assert.AreEqual(3, producer.Produce(OutputBatches.Of(0, "a", "b", "c", "d"), 0));
        Assert.AreEqual(3, producer.Produce(OutputBatches.Of(0, "a", "b", "c", "d"), 3));
    }
}

/// <summary>Record by record.</summary>
[TestClass]
public sealed class RecordProducerTests : SampleProducerTests
{
    private protected override ISampleProducer Create(KafkaSinkOptions options, SinkSettings settings) => new RecordProducer(options, settings);
}

/// <summary>In batches.</summary>
[TestClass]
public sealed class BatchProducerTests : SampleProducerTests
{
    private protected override ISampleProducer Create(KafkaSinkOptions options, SinkSettings settings) => new BatchProducer(options, settings);

    [TestMethod]
    public void RefusedProperty_IsAnError() => Assert.ThrowsExactly<InvalidOperationException>(() => Create(
        new KafkaSinkOptions { Bootstrap = "127.0.0.1:1", Topic = "samples", Properties = new Dictionary<string, string> { ["linger.ms"] = "soon" } },
        new SampleSinkSettings { Clock = TimeProvider.System, Lanes = 1 }));

    [TestMethod]
    public void OauthBearer_KeepsTheClientThatFetchesTokens()
    {
        MessageList log = new();
        var options = new KafkaSinkOptions
        {
            Bootstrap = "127.0.0.1:1",
            Topic = "samples",
            Properties = new Dictionary<string, string> { ["security.protocol"] = "SASL_PLAINTEXT", ["sasl.mechanism"] = "OAUTHBEARER" },
        };
        using ISampleProducer producer = SampleProducers.Create(options, new SampleSinkSettings { Clock = TimeProvider.System, Lanes = 1, Log = log });

        Assert.IsInstanceOfType<RecordProducer>(producer);
        Assert.Contains("record by record", log.Single());
    }
}
