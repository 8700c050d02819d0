using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;

namespace Pipeline.Tests.Configuration;

/// <summary>The documented job file writes every default out; leaving the keys out must come to the same.</summary>
[TestClass]
public sealed class DefaultsTests
{
    private static readonly Lazy<JobOptions> Documented = new(() => Load(JobText.Data("interface.yaml")));

    private static readonly Lazy<JobOptions> LeftOut = new(() => Load(JobText.Small));

    [TestMethod]
    public void Time_HasTheDocumentedDefaults()
    {
        var expected = new TimeOptions
        {
            Mode = TimeMode.Event,
            OutOfOrderness = TimeSpan.FromSeconds(10),
            IdleTimeout = TimeSpan.FromSeconds(30),
            MaxDrift = TimeSpan.FromMinutes(1),
            MaxFuture = TimeSpan.FromMinutes(5),
        };

        AssertThrice(expected, new TimeOptions(), job => job.Time);
    }

    [TestMethod]
    public void Window_HasTheDocumentedDefaults() =>
        AssertThrice(new WindowOptions { Length = TimeSpan.FromMinutes(20), Anchor = WindowAnchor.Exposure }, new WindowOptions(), job => job.Window);

    [TestMethod]
    public void Parallelism_HasTheDocumentedDefaults() => AssertThrice(
        new ParallelismOptions { Parse = 2, Lanes = 4, Format = 1, BlockCapacity = 8, BatchRecords = 2048 }, new ParallelismOptions(), job => job.Parallelism);

    [TestMethod]
    public void State_HasTheDocumentedDefaults() => AssertThrice(
        new StateOptions { Dir = "", Memory = 1L << 30, CheckpointInterval = TimeSpan.FromSeconds(30), Keep = 3 },
        new StateOptions { Dir = "" },
        job => job.State with { Dir = "" });

    [TestMethod]
    public void Output_HasTheDocumentedDefaults()
    {
        AssertThrice(SampleFormat.Json, new OutputOptions().Format, job => job.Output.Format);
        AssertThrice(null, new OutputOptions().Features, job => job.Output.Features);
        Assert.IsEmpty(new OutputOptions().Required);
        Assert.IsEmpty(new OutputOptions().Ranges);
        Assert.IsEmpty(LeftOut.Value.Output.Required);
        Assert.IsEmpty(LeftOut.Value.Output.Ranges);
        Assert.AreEqual("a.b", new FeatureOptions { From = "a.b" }.Name);
    }

    [TestMethod]
    public void Streams_HaveTheDocumentedDefaults()
    {
        StreamOptions bare = new() { Name = "", Role = default, Source = new FileSourceOptions { Paths = [] }, Format = default, Key = [], Time = new() };

        AssertThrice(TimeSpan.FromMinutes(10), bare.StreamIdleTimeout, job => job.Streams[1].StreamIdleTimeout);
        AssertThrice(TimeUnit.Milliseconds, new EventTimeOptions().Unit, job => job.Streams[1].Time.Unit);
        AssertThrice(false, bare.Positive, job => job.Streams[0].Positive);
        Assert.IsTrue(Documented.Value.Streams[1].Positive);
        Assert.IsTrue(LeftOut.Value.Streams[1].Positive);
        Assert.IsNull(bare.EventId);
        Assert.IsNull(LeftOut.Value.Streams[0].EventId);
        Assert.IsEmpty(bare.Filters);
        Assert.IsEmpty(LeftOut.Value.Streams[0].Filters);
    }

    [TestMethod]
    public void Csv_HasTheDocumentedDefaults()
    {
        using var text = new JobText();
        JobOptions csv = text.LoadSound(JobText.Small.Replace("format: json", "format: csv", StringComparison.Ordinal));

        foreach (CsvOptions options in (CsvOptions[])[new CsvOptions(), csv.Streams[0].Csv])
        {
            Assert.IsEmpty(options.Columns);
            Assert.AreEqual(',', options.Delimiter);
            Assert.IsTrue(options.Header);
        }
    }

    [TestMethod]
    public void KafkaSource_HasTheDocumentedDefaults()
    {
        var documented = (KafkaSourceOptions)Documented.Value.Streams[0].Source;
        var bare = new KafkaSourceOptions { Bootstrap = "", Topics = [] };

        Assert.AreEqual(new StartOptions { At = StartAt.Committed }, documented.Start);
        Assert.AreEqual(documented.Start, bare.Start);
        Assert.IsEmpty(documented.Properties);
        Assert.IsEmpty(bare.Properties);
        Assert.IsEmpty(new KafkaSinkOptions { Bootstrap = "", Topic = "" }.Properties);
    }

    [TestMethod]
    public void Job_HasTheDocumentedDefaults()
    {
        JobOptions bare = new() { Job = "", Streams = [], Sink = new FileSinkOptions { Dir = "" }, State = new() { Dir = "" } };

        AssertThrice(DeliveryMode.ExactlyOnce, bare.Delivery, job => job.Delivery);
        AssertThrice(1 << 20, bare.MaxRecordBytes, job => job.MaxRecordBytes);
        AssertThrice(true, bare.CreateTopics, job => job.CreateTopics);
        AssertThrice(Timeout.InfiniteTimeSpan, bare.UnavailableLimit, job => job.UnavailableLimit);
        Assert.IsNull(bare.DeadLetter);
        Assert.IsNull(LeftOut.Value.DeadLetter);
    }

    [TestMethod]
    public void ProcessingTime_DefaultsToAtLeastOnce()
    {
        using var text = new JobText();

        Assert.AreEqual(DeliveryMode.AtLeastOnce, text.LoadSound("time: processing\n" + JobText.Small).Delivery);
    }

    [TestMethod]
    public void DocumentedJob_MeansWhatItSays()
    {
        JobOptions job = Documented.Value;

        Assert.AreEqual("feed-ctr", job.Job);
        Assert.AreEqual("exposure click", string.Join(' ', job.Streams.Select(stream => stream.Name)));
        Assert.AreEqual(StreamRole.Exposure, job.Streams[0].Role);
        Assert.AreEqual(StreamRole.Action, job.Streams[1].Role);
        Assert.AreEqual("user_id item_id", string.Join(' ', job.Streams[0].Key));
        Assert.AreEqual("ts", job.Streams[0].Time.Field);
        Assert.AreEqual("event_id", job.Streams[1].EventId);
        Assert.AreEqual("feed search", string.Join(' ', job.Streams[0].Filters[0].In!));
        Assert.AreEqual(new FilterOptions { Field = "position", Min = 0, Max = 500 }, job.Streams[0].Filters[1]);
        Assert.AreEqual("127.0.0.1:9092", ((KafkaSourceOptions)job.Streams[0].Source).Bootstrap);
        Assert.AreEqual(Path.Combine(job.BaseDirectory, "logs", "click-*.jsonl"), ((FileSourceOptions)job.Streams[1].Source).Paths.Single());
        Assert.AreEqual("scene", job.Output.Required.Single());
        Assert.AreEqual(new RangeOptions { Field = "position", Min = 0, Max = 500 }, job.Output.Ranges.Single());
        Assert.AreEqual("samples", ((KafkaSinkOptions)job.Sink).Topic);
        Assert.AreEqual(new FileSinkOptions { Dir = Path.Combine(job.BaseDirectory, "dead") }, job.DeadLetter);
        Assert.AreEqual(Path.Combine(job.BaseDirectory, "state", "feed-ctr"), job.State.Dir);
    }

    private static void AssertThrice<T>(T expected, T ofRecord, Func<JobOptions, T> read)
    {
        Assert.AreEqual(expected, ofRecord, "the record's own default");
        Assert.AreEqual(expected, read(Documented.Value), "the documented job");
        Assert.AreEqual(expected, read(LeftOut.Value), "a job that leaves the key out");
    }

    private static JobOptions Load(string text)
    {
        using var job = new JobText();
        return job.LoadSound(text);
    }
}
