using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;

namespace Pipeline.Tests.Configuration;

[TestClass]
public sealed class PrecedenceTests
{
    private const string Minutes1 = "window: { length: 1m }\n" + JobText.Small;

    private static readonly Dictionary<string, string> Minutes2 = new() { ["PIPELINE__WINDOW__LENGTH"] = "2m" };

    [TestMethod]
    public void Flag_GoesBeforeVariableBeforeFileBeforeDefault()
    {
        using var job = new JobText();

        Assert.AreEqual(20, job.LoadSound(JobText.Small).Window.Length.TotalMinutes);
        Assert.AreEqual(1, job.LoadSound(Minutes1).Window.Length.TotalMinutes);
        Assert.AreEqual(2, job.LoadSound(Minutes1, environment: Minutes2).Window.Length.TotalMinutes);
        Assert.AreEqual(3, job.LoadSound(Minutes1, ["window.length=3m"], Minutes2).Window.Length.TotalMinutes);
    }

    [TestMethod]
    public void LaterFlag_GoesBeforeEarlier()
    {
        using var job = new JobText();

        Assert.AreEqual(4, job.LoadSound(Minutes1, ["window.length=3m", "window.length=4m"]).Window.Length.TotalMinutes);
    }

    [TestMethod]
    [DataRow("streams.click.positive=false")]
    [DataRow("streams.1.positive=false")]
    [DataRow("streams[1].positive=false")]
    public void Stream_IsSetByNameOrNumber(string setting)
    {
        using var job = new JobText();

        Assert.IsFalse(job.LoadSound(JobText.Small, [setting]).Streams[1].Positive);
    }

    [TestMethod]
    public void Variable_FindsAStreamWhateverTheCaseOfItsName()
    {
        using var job = new JobText();

        JobOptions loaded = job.LoadSound(
            JobText.SmallWith("name: click", "name: Click"), environment: new() { ["PIPELINE__STREAMS__CLICK__POSITIVE"] = "false" });

        Assert.IsFalse(loaded.Streams[1].Positive);
    }

    [TestMethod]
    public void Properties_KeepTheDotsOfTheirNames()
    {
        using var job = new JobText();

        JobOptions loaded = job.LoadSound(
            JobText.SmallWith("files: { dir: out }", "kafka: { bootstrap: 'b:1', topic: t }"),
            ["output.sink.kafka.properties.linger.ms=7"],
            new() { ["PIPELINE__OUTPUT__SINK__KAFKA__PROPERTIES__COMPRESSION__TYPE"] = "lz4" });

        IReadOnlyDictionary<string, string> properties = ((KafkaSinkOptions)loaded.Sink).Properties;
        Assert.AreEqual("7", properties["linger.ms"]);
        Assert.AreEqual("lz4", properties["compression.type"]);
    }

    [TestMethod]
    public void ValueInBrackets_IsYaml()
    {
        using var job = new JobText();

        JobOptions loaded = job.LoadSound(JobText.Small, ["streams.exposure.filter=[{ field: scene, in: [a, b] }]", "streams.0.source={ files: { paths: ['*.gz'] } }"]);

        Assert.AreEqual("a b", string.Join(' ', loaded.Streams[0].Filters.Single().In!));
        Assert.AreEqual(Path.Combine(job.BaseDirectory, "*.gz"), ((FileSourceOptions)loaded.Streams[0].Source).Paths.Single());
    }

    [TestMethod]
    public void Null_TakesAKeyAway()
    {
        using var job = new JobText();
        string text = JobText.Small + "\ndead_letter: { files: { dir: dead } }";

        Assert.IsNotNull(job.LoadSound(text).DeadLetter);
        Assert.IsNull(job.LoadSound(text, ["dead_letter=null"]).DeadLetter);
        Assert.IsNull(job.LoadSound(JobText.Small + "\ndead_letter:\n").DeadLetter);
    }

    [TestMethod]
    public void EmptyVariable_SaysNothing()
    {
        using var job = new JobText();

        Assert.AreEqual(1, job.LoadSound(Minutes1, environment: new() { ["PIPELINE__WINDOW__LENGTH"] = "" }).Window.Length.TotalMinutes);
    }

    [TestMethod]
    public void ValueBelowAnAlias_IsSetThereOnly()
    {
        using var job = new JobText();
        string text = JobText.SmallWith("key: [user_id, item_id]\n    time: { field: ts }\n  - name", "key: &key [user_id, item_id]\n    time: { field: ts }\n  - name")
            .Replace("key: [user_id, item_id]", "key: *key", StringComparison.Ordinal);

        JobOptions loaded = job.LoadSound(text, ["streams.click.key.1=item"]);

        Assert.AreEqual("user_id item_id", string.Join(' ', loaded.Streams[0].Key));
        Assert.AreEqual("user_id item", string.Join(' ', loaded.Streams[1].Key));
    }

    [TestMethod]
    public void WholeJob_CanBeSetOverAnEmptySection()
    {
        using var job = new JobText();
        string[] settings =
        [
            "streams.0={ name: e, role: exposure, format: json, key: [k], time: { field: t }, source: { files: { paths: [e] } } }",
            "streams.1.name=c", "streams.c.role=action", "streams.c.format=json", "streams.c.key=[k]", "streams.c.time.field=t", "streams.c.source.files.paths=[c]",
            "output.sink.files.dir=out", "state.dir=state",
        ];

        Assert.AreEqual("e c", string.Join(' ', job.LoadSound("job: j", settings).Streams.Select(stream => stream.Name)));
    }

    [TestMethod]
    public void MistakesOfFlagsAndVariables_NameThem()
    {
        using var job = new JobText();

        string mistakes = job.LoadMistakes(
            JobText.Small,
            ["window.lengt=1m", "streams.clik.positive=false", "window.anchor={", "nonsense.a.b=1"],
            new() { ["PIPELINE__WINDOW__LENGTH"] = "1 hour", ["PIPELINE__STATE_DIR"] = "x" });

        Assert.AreEqual(
            "environment PIPELINE__WINDOW__LENGTH: window.length: expected a duration such as 500ms, 10s, 20m, 1h or 7d, found '1 hour'; did you mean 1h?\n"
            + "environment PIPELINE__STATE_DIR: state_dir: no such key\n"
            + "--set streams.clik.positive: streams.clik.positive: no element clik; the list has exposure, click; did you mean click?\n"
            + "--set window.anchor: window.anchor: not YAML: While parsing a node, did not find expected node content.\n"
            + "--set window.lengt: window.lengt: no such key; did you mean length?\n"
            + "--set nonsense.a.b: nonsense: no such key",
            mistakes);
    }
}
