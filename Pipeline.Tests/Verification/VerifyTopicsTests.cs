using Confluent.Kafka;
using Pipeline.Commands;
using Pipeline.Configuration;
using Pipeline.Tests.Kafka;
using Pipeline.Verification;

namespace Pipeline.Tests.Verification;

[TestClass]
[TestCategory("Kafka")]
public sealed class VerifyTopicsTests
{
    [TestMethod]
    public void OnlyCommittedSamplesCount_AndTheirKeysToo()
    {
        KafkaServer kafka = KafkaServer.Shared;
        string exposures = kafka.NewTopic("exposure", 3), clicks = kafka.NewTopic("click", 2), samples = kafka.NewTopic("samples", 2);
        kafka.Produce(exposures, Enumerable.Range(0, 50).Select(i => Event(i, 0)));
        kafka.Produce(clicks, [.. Enumerable.Range(0, 50).Where(i => i % 5 == 0).Select(i => Event(i, 60_000)), new KafkaRecord("none", null)]);
        string folder = Directory.CreateTempSubdirectory("verify-").FullName;
        try
        {
            string file = Path.Combine(folder, "job.yaml");
            File.WriteAllText(file, JobFile(kafka.Bootstrap, exposures, clicks, samples));
            JobOptions job = JobLoader.Load(file, [], new Dictionary<string, string>()).Job!;
            ReferenceResult expected = ReferenceJoin.Run(job, SourceReader.ReadAll(job));
            Assert.HasCount(50, expected.Samples);
            Assert.AreEqual(10, expected.Positives);

            using IProducer<byte[]?, byte[]?> producer = kafka.NewProducer($"verify-{Guid.NewGuid():N}");
            producer.BeginTransaction();
            Write(producer, samples, expected.Samples.Take(10), "");
            producer.AbortTransaction();
            producer.BeginTransaction();
            Write(producer, samples, expected.Samples, "");
            producer.CommitTransaction();
            Assert.AreEqual((0, """{"expected":50,"found":50,"missing":0,"extra":0,"different":0,"duplicates":0}"""), Verify(file));

            producer.BeginTransaction();
            Write(producer, samples, expected.Samples.Take(1), "");
            producer.CommitTransaction();
            Assert.AreEqual((1, """{"expected":50,"found":51,"missing":0,"extra":0,"different":0,"duplicates":1}"""), Verify(file));

            string other = kafka.NewTopic("samples");
            File.WriteAllText(file, JobFile(kafka.Bootstrap, exposures, clicks, other));
            producer.BeginTransaction();
            Write(producer, other, expected.Samples, "wrong ");
            producer.CommitTransaction();
            Assert.AreEqual((1, """{"expected":50,"found":50,"missing":0,"extra":0,"different":50,"duplicates":0}"""), Verify(file));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public void GeneratedTopics_HoldTheLinesOfGeneratedFiles_InTheSamePartitions()
    {
        using KafkaServer kafka = KafkaServer.StartPrivate();
        string folder = Directory.CreateTempSubdirectory("generate-").FullName;
        try
        {
            string[] flags = ["--exposures", "3000", "--partitions", "3", "--seed", "5"];
            Assert.AreEqual(0, Run(["generate", .. flags, "--bootstrap", kafka.Bootstrap]).Code);
            Assert.AreEqual(0, Run(["generate", .. flags, "--out", folder]).Code);

            foreach (string stream in (string[])["exposure", "click"])
            {
                ILookup<int, string> found = kafka.ReadAll(stream, readCommitted: true)
                    .ToLookup(record => record.Partition.Value, record => System.Text.Encoding.UTF8.GetString(record.Message.Value!));
                for (int p = 0; p < 3; p++)
                    CollectionAssert.AreEqual(File.ReadAllLines(Path.Combine(folder, $"{stream}-{p}.jsonl")), found[p].ToList());
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static KafkaRecord Event(int number, long after) =>
        new($"k{number}", $$"""{"user_id":"u{{number}}","item_id":"i","ts":{{History.TenOClock + after}}}""", null, History.TenOClock + after);

    private static void Write(IProducer<byte[]?, byte[]?> producer, string topic, IEnumerable<ReferenceSample> samples, string keyPrefix)
    {
        foreach (ReferenceSample sample in samples)
            KafkaServer.Produce(producer, topic, new KafkaRecord(keyPrefix + System.Text.Encoding.UTF8.GetString(sample.Key), History.Text(sample)));
    }

    private static (int, string) Verify(string file)
    {
        (int code, string output) = Run("verify", file, "--samples", "kafka");
        return (code, output.TrimEnd());
    }

    private static (int Code, string Output) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        int code = CommandLine.RunAsync(arguments, output, Console.Error).GetAwaiter().GetResult();
        return (code, output.ToString());
    }

    private static string JobFile(string bootstrap, string exposures, string clicks, string samples) => $$"""
        job: verify-topics
        streams:
          - name: exposure
            role: exposure
            source: { kafka: { bootstrap: "{{bootstrap}}", topics: [{{exposures}}] } }
            format: json
            key: [user_id, item_id]
            time: { field: ts, unit: ms }
          - name: click
            role: action
            source: { kafka: { bootstrap: "{{bootstrap}}", topics: [{{clicks}}] } }
            format: json
            key: [user_id, item_id]
            time: { field: ts, unit: ms }
        output:
          format: json
          sink: { kafka: { bootstrap: "{{bootstrap}}", topic: {{samples}} } }
        state: { dir: state }
        """;
}
