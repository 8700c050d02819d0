using Confluent.Kafka;
using Pipeline.Blocks.Sources;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.Sources;

[TestClass]
[TestCategory("Kafka")]
[DoNotParallelize]
public sealed class KafkaSourceAllocationTests
{
    [TestMethod]
    public async Task SteadyState_AllocatesLessThanAByteARecord()
    {
        const int Records = 400_000;
        KafkaServer server = KafkaServer.Shared;
        string topic = server.NewTopic("allocations", partitions: 2);
        using (IProducer<byte[]?, byte[]?> producer = server.NewProducer())
        {
            var message = new Message<byte[]?, byte[]?> { Value = new byte[100] };
            for (int i = 0; i < Records; i++)
            {
                if (i % 50_000 == 49_999) producer.Flush(TimeSpan.FromSeconds(60));
                producer.Produce(new TopicPartition(topic, i % 2), message);
            }
            producer.Flush(TimeSpan.FromSeconds(60));
        }
        await using var fixture = new KafkaSourceFixture(server, recordByRecord: false);
        using KafkaSource source = fixture.Source(fixture.Options(topic), fixture.Context(untilEnd: true));
        await source.OpenAsync(CancellationToken.None);
        var drain = new MeasuringDrain(warmUp: Records / 4, stretch: Records / 8);

        await source.RunAsync(drain, CancellationToken.None);

        Assert.AreEqual(Records, drain.Records);
        Assert.IsLessThan(1, drain.MedianBytesPerRecord, drain.Stretches);
    }
}
