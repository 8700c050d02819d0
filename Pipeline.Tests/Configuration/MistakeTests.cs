namespace Pipeline.Tests.Configuration;

[TestClass]
public sealed class MistakeTests
{
    private const string ClickFiles = "source: { files: { paths: [click.jsonl] } }";

    private const string ExposureFiles = "source: { files: { paths: [exposure.jsonl] } }";

    [TestMethod]
    public void EverythingWrong_IsNamedAtOnceWithKeyAndLine()
    {
        using var job = new JobText();

        string mistakes = job.LoadMistakes(JobText.Data("everything-wrong.yaml"));

        Assert.AreEqual(JobText.Data("everything-wrong.txt").TrimEnd(), mistakes);
    }

    [TestMethod]
    [DataRow("job: small\n", "", "job.yaml: job: is required")]
    [DataRow("state: { dir: state }", "state: { memory: 1GiB }", "job.yaml:17: state.dir: is required")]
    [DataRow("state: { dir: state }", "", "job.yaml: state.dir: is required")]
    [DataRow("  sink: { files: { dir: out } }", "  format: json", "job.yaml:15: output.sink: is required")]
    [DataRow("state: { dir: state }", "state: 7", "job.yaml:17: state: expected a section, found a single value")]
    public void RequiredKeyLeftOut_IsNamedAtItsSection(string passage, string replacement, string mistake) => AssertMistake(passage, replacement, mistake);

    [TestMethod]
    [DataRow("role: exposure", "role: action", "job.yaml:2: streams: exactly one stream has the role exposure, found none")]
    [DataRow("role: action", "role: exposure", "job.yaml:10: streams[1].role: exactly one stream has the role exposure, and 'exposure' has it")]
    [DataRow("name: click", "name: exposure", "job.yaml:9: streams[1].name: a second stream is named 'exposure'")]
    [DataRow("role: exposure", "role: exposure\n    positive: true", "job.yaml:5: streams[0].positive: only an action can be positive")]
    public void RolesAndNames_AreChecked(string passage, string replacement, string mistake) => AssertMistake(passage, replacement, mistake);

    [TestMethod]
    [DataRow("0ms", false)]
    [DataRow("1ms", true)]
    [DataRow("49d", true)]
    [DataRow("4233600001ms", false)]
    public void WindowLength_IsPositiveAndAtMost49Days(string length, bool sound) => AssertSound(sound, $"window.length={length}");

    [TestMethod]
    [DataRow("parallelism.lanes=0", false)]
    [DataRow("parallelism.lanes=1", true)]
    [DataRow("parallelism.lanes=64", true)]
    [DataRow("parallelism.lanes=65", false)]
    [DataRow("state.keep=1", false)]
    [DataRow("state.keep=2", true)]
    [DataRow("stream_idle_timeout=never", true)]
    [DataRow("streams.click.stream_idle_timeout=never", true)]
    [DataRow("unavailable_limit=never", true)]
    [DataRow("max_record_bytes=256MiB", true)]
    [DataRow("max_record_bytes=257MiB", false)]
    [DataRow("idle_timeout=never", false)]
    [DataRow("window.length=never", false)]
    [DataRow("labels={ policy: wait, negative_rate: 1.0 }", true)]
    [DataRow("labels.policy=correct-late", false)]
    [DataRow("labels.negative_rate=0.5", false)]
    [DataRow("skew.hot_share=0.001", true)]
    [DataRow("skew.hot_share=0.0009", false)]
    [DataRow("skew.hot_share=1.1", false)]
    [DataRow("skew.salts=0", false)]
    [DataRow("skew.salts=64", true)]
    [DataRow("skew.salts=65", false)]
    [DataRow("skew.mode=force", true)]
    [DataRow("skew.mode=on", false)]
    [DataRow("skew.max_events_per_window=0", false)]
    [DataRow("skew.max_events_per_window=1", true)]
    [DataRow("skew.share=0.1", false)]
    public void Ranges_AreKept(string setting, bool sound) => AssertSound(sound, setting);

    [TestMethod]
    public void ExactlyOnceWithProcessingTime_IsAMistake()
    {
        using var job = new JobText();

        string mistakes = job.LoadMistakes("time: processing\ndelivery: exactly-once\n" + JobText.Small);

        Assert.AreEqual("job.yaml:2: delivery: exactly-once needs time: event, because with time: processing a replay makes other samples", mistakes);
    }

    [TestMethod]
    public void RecordTimeOfFiles_IsAMistakeOnlyWithEventTime()
    {
        using var job = new JobText();
        string text = JobText.Small.Replace("time: { field: ts }", "time: record", StringComparison.Ordinal);

        string mistakes = job.LoadMistakes(text);

        Assert.AreEqual(
            "job.yaml:8: streams[0].time: record needs a source with timestamps, and lines of files have none\n"
            + "job.yaml:14: streams[1].time: record needs a source with timestamps, and lines of files have none",
            mistakes);
        job.LoadSound("time: processing\n" + text);
    }

    [TestMethod]
    public void AllFeaturesInCsv_NeedCsvExposures()
    {
        using var job = new JobText();

        string mistakes = job.LoadMistakes(JobText.Small, ["output.format=csv"]);

        Assert.AreEqual("job.yaml:15: output.features: all needs CSV exposures when the output is CSV; name the features, as 'exposure' is JSON", mistakes);
        job.LoadSound(JobText.Small, ["output.format=csv", "output.features=[{from: scene}]"]);
        job.LoadSound(JobText.Small, ["output.format=csv", "streams.exposure.format=csv"]);
    }

    [TestMethod]
    public void MoreActionStreamsThanAWindowHolds_AreAMistake()
    {
        using var job = new JobText();
        string like = JobText.Small[JobText.Small.IndexOf("  - name: click", StringComparison.Ordinal)..JobText.Small.IndexOf("output", StringComparison.Ordinal)];
        string Streams(int more) => string.Concat(Enumerable.Range(0, more).Select(i => like.Replace("click", $"like{i}", StringComparison.Ordinal)));

        string mistakes = job.LoadMistakes(JobText.Small.Replace("output", Streams(64) + "output", StringComparison.Ordinal));

        StringAssert.EndsWith(mistakes, "streams: expected at most 64 action streams, found 65");
        job.LoadSound(JobText.Small.Replace("output", Streams(63) + "output", StringComparison.Ordinal));
    }

    [TestMethod]
    public void MoreFiltersThanARecordCanName_AreAMistake()
    {
        using var job = new JobText();
        string Setting(int filters) => $"streams.click.filter=[{string.Join(", ", Enumerable.Repeat("{ field: a, min: 0 }", filters))}]";

        Assert.EndsWith("streams[1].filter: expected at most 255 filters, found 256", job.LoadMistakes(JobText.Small, [Setting(256)]));
        job.LoadSound(JobText.Small, [Setting(255)]);
    }

    [TestMethod]
    public void KeysOfDifferentLength_AreAMistake() => AssertMistake(
        "    key: [user_id, item_id]\n    time: { field: ts }\noutput", "    key: [user_id]\n    time: { field: ts }\noutput",
        "job.yaml:13: streams[1].key: keys match by position, so all streams have equally many: expected 2 as 'exposure' has, found 1");

    [TestMethod]
    public void CsvWithoutHeaderOrFromATopic_NeedsColumns()
    {
        using var job = new JobText();
        const string Kafka = "streams.click.source={ kafka: { bootstrap: 'b:1', topics: [t] } }";

        string withoutHeader = job.LoadMistakes(JobText.Small, ["streams.click.format=csv", "streams.click.csv.header=false"]);
        string ofTopic = job.LoadMistakes(JobText.Small, ["streams.click.format=csv", Kafka]);

        Assert.AreEqual("--set streams.click.csv.header: streams[1].csv.columns: is required without a header", withoutHeader);
        Assert.AreEqual("job.yaml:9: streams[1].csv.columns: is required: records of a topic have no header", ofTopic);
        job.LoadSound(JobText.Small, ["streams.click.format=csv", Kafka, "streams.click.csv.columns=[user_id, item_id, ts]"]);
    }

    [TestMethod]
    public void FieldThatIsNoColumn_IsAMistake()
    {
        using var job = new JobText();

        string mistakes = job.LoadMistakes(
            JobText.Small, ["streams.exposure.format=csv", "streams.exposure.csv.columns=[user_id, items_id, ts, scene]", "output.validate.required=[scenes]"]);

        Assert.AreEqual(
            "job.yaml:7: streams[0].key[1]: no column 'item_id'; did you mean items_id?\n"
            + "--set output.validate.required: output.validate.required[0]: no column 'scenes'; did you mean scene?",
            mistakes);
    }

    [TestMethod]
    public void StreamsOfOneSource_AgreeOnItsShape()
    {
        using var job = new JobText();
        string shared = JobText.SmallWith(ClickFiles, ExposureFiles);

        var sound = job.LoadSound(shared);
        Assert.AreSame(sound.Streams[0].Source, sound.Streams[1].Source);
        Assert.AreEqual("--set streams.1.format: streams[1].format: reads the same source as 'exposure' and needs the same format", job.LoadMistakes(shared, ["streams.1.format=csv"]));
        Assert.AreEqual(
            "--set streams.1.csv.columns: streams[1].csv: reads the same source as 'exposure' and needs the same header and columns",
            job.LoadMistakes(shared.Replace("json\n", "csv\n", StringComparison.Ordinal), ["streams.0.csv.columns=[user_id, item_id, ts]", "streams.1.csv.columns=[user_id, item_id, ts]", "streams.1.csv.header=false"]));
    }

    [TestMethod]
    public void OneTopicReadInTwoWays_IsAMistake()
    {
        using var job = new JobText();
        string text = JobText.SmallWith(ClickFiles, "source: { kafka: { bootstrap: 'b:1', topics: [t], start: latest } }")
            .Replace(ExposureFiles, "source: { kafka: { bootstrap: 'b:1', topics: [t] } }", StringComparison.Ordinal);

        Assert.AreEqual("job.yaml:11: streams[1].source: reads topic t as 'exposure' does, but the sources differ; make them equal in every key", job.LoadMistakes(text));
    }

    [TestMethod]
    [DataRow("output.sink={ kafka: { bootstrap: 'b:1', topic: t } }", "output.sink.kafka.topic: 't' is a topic that 'click' reads")]
    [DataRow("dead_letter={ files: { dir: state/ } }", "dead_letter.files.dir: is the directory of the state; take another")]
    public void PlaceUsedTwice_IsAMistake(string setting, string mistake)
    {
        using var job = new JobText();
        string text = JobText.SmallWith(ClickFiles, "source: { kafka: { bootstrap: 'b:1', topics: [t] } }");

        Assert.AreEqual($"--set {setting.Split('=')[0]}: {mistake}", job.LoadMistakes(text, [setting]));
    }

    [TestMethod]
    public void PropertyThatLibrdkafkaRefuses_IsAMistake()
    {
        using var job = new JobText();
        string text = JobText.SmallWith("files: { dir: out }", "kafka: { bootstrap: 'b:1', topic: t, properties: { linger.mss: 5, acks: all, security.protocol: TLS } }");

        Assert.AreEqual(
            "job.yaml:16: output.sink.kafka.properties.linger.mss: no such property of librdkafka; did you mean linger.ms?\n"
            + "job.yaml:16: output.sink.kafka.properties.security.protocol: Invalid value \"TLS\" for configuration property \"security.protocol\"",
            job.LoadMistakes(text));
    }

    [TestMethod]
    [DataRow("streams.click.source.kafka.properties.group.id=g", "streams[1].source.kafka.properties.group.id: comes from the job, not from its properties")]
    [DataRow("streams.click.source.kafka.properties.enable.auto.commit=true", "streams[1].source.kafka.properties.enable.auto.commit: must be false")]
    [DataRow("dead_letter.kafka.properties.transactional.id=t", "dead_letter.kafka.properties.transactional.id: comes from the job, not from its properties")]
    public void PropertyThatIsThePipelinesOwn_IsAMistake(string setting, string mistake)
    {
        using var job = new JobText();
        string text = JobText.SmallWith(ClickFiles, "source: { kafka: { bootstrap: 'b:1', topics: [t] } }") + "\ndead_letter: { kafka: { bootstrap: 'b:1', topic: d } }";

        Assert.AreEqual($"--set {setting.Split('=')[0]}: {mistake}", job.LoadMistakes(text, [setting]));
    }

    [TestMethod]
    [DataRow("", "job.yaml: is empty")]
    [DataRow("# nothing\n", "job.yaml: is empty")]
    [DataRow("a:\n  - b: 1\n    b: 2\n", "job.yaml:3: a[0].b: given a second time; the first is at job.yaml:2")]
    [DataRow("- a\n", "job.yaml: expected a section, found a list")]
    [DataRow("job: [a\n", "job.yaml:2: not YAML: While parsing a flow sequence, did not find expected ',' or ']'.")]
    [DataRow("job: *a\n", "job.yaml:1: not YAML: no anchor &a before this alias")]
    public void FileThatIsNoJob_IsOneMistake(string text, string mistake)
    {
        using var job = new JobText();

        Assert.AreEqual(mistake, job.LoadMistakes(text).Split('\n')[^1]);
    }

    [TestMethod]
    public void MissingFile_IsOneMistake()
    {
        using var job = new JobText();

        var loaded = Pipeline.Configuration.JobLoader.Load(Path.Combine(job.BaseDirectory, "absent.yaml"), [], new Dictionary<string, string>());

        Assert.IsNull(loaded.Job);
        Assert.StartsWith("absent.yaml: cannot be read: ", loaded.Errors.Single().ToString());
    }

    [TestMethod]
    public void KeyOfAnotherSection_IsPointedTo()
    {
        using var job = new JobText();

        Assert.AreEqual("job.yaml:18: memory: no such key; did you mean state.memory?", job.LoadMistakes(JobText.Small + "\nmemory: 1GiB"));
    }

    private static void AssertMistake(string passage, string replacement, string mistake)
    {
        using var job = new JobText();
        Assert.AreEqual(mistake, job.LoadMistakes(JobText.SmallWith(passage, replacement)));
    }

    private static void AssertSound(bool sound, string setting)
    {
        using var job = new JobText();
        var loaded = job.Load(JobText.Small, [setting]);
        Assert.AreEqual(sound, loaded.Job is not null, string.Join('\n', loaded.Errors));
    }
}
