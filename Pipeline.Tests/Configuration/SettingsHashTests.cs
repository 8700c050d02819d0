using Pipeline.Configuration;

namespace Pipeline.Tests.Configuration;

[TestClass]
public sealed class SettingsHashTests
{
    [TestMethod]
    [DataRow("parallelism={ parse: 7, lanes: 64, format: 3, block_capacity: 2, batch_records: 16 }")]
    [DataRow("skew={ hot_share: 0.5, salts: 16, mode: force, max_events_per_window: 7, mask_keys: true }")]
    [DataRow("state={ dir: elsewhere, memory: 2GiB, checkpoint_interval: 5s, keep: 9 }")]
    [DataRow("max_drift=9m")]
    [DataRow("dead_letter={ files: { dir: dead } }")]
    [DataRow("delivery=at-least-once")]
    [DataRow("unavailable_limit=1h")]
    [DataRow("create_topics=false")]
    [DataRow("streams.0.source.kafka.start=latest")]
    [DataRow("streams.0.source.kafka.properties.sasl.password=other")]
    [DataRow("streams.0.source.kafka.topics=[b, a]")]
    [DataRow("output.sink.kafka.properties.linger.ms=9")]
    [DataRow("stream_idle_timeout=10m")]
    public void SettingThatChangesNoSample_KeepsTheHash(string setting) => Assert.AreEqual(Hash(), Hash(setting));

    [TestMethod]
    [DataRow("job=other")]
    [DataRow("time=processing")]
    [DataRow("out_of_orderness=11s")]
    [DataRow("idle_timeout=31s")]
    [DataRow("stream_idle_timeout=never")]
    [DataRow("max_future=6m")]
    [DataRow("max_record_bytes=1KiB")]
    [DataRow("window.length=21m")]
    [DataRow("window.anchor=first")]
    [DataRow("streams.click.name=clack")]
    [DataRow("streams.click.positive=false")]
    [DataRow("streams.click.key=[item_id, user_id]")]
    [DataRow("streams.click.time.field=at")]
    [DataRow("streams.click.time.unit=us")]
    [DataRow("streams.click.event_id=id")]
    [DataRow("streams.click.filter=[{ field: a, min: 1 }]")]
    [DataRow("streams.click.format=csv")]
    [DataRow("streams.click.source.files.paths=[other]")]
    [DataRow("streams.click.stream_idle_timeout=1m")]
    [DataRow("streams.0.source.kafka.bootstrap=other:1")]
    [DataRow("streams.0.source.kafka.topics=[a]")]
    [DataRow("streams.0.source.kafka.properties.isolation.level=read_uncommitted")]
    [DataRow("output.format=csv", "output.features=[{ from: a }]")]
    [DataRow("output.features=[{ from: a }]")]
    [DataRow("output.features=[{ from: a, as: b }]")]
    [DataRow("output.validate.required=[a]")]
    [DataRow("output.validate.ranges=[{ field: a, min: 1 }]")]
    [DataRow("output.sink.kafka.topic=other")]
    [DataRow("output.sink.kafka.bootstrap=other:1")]
    [DataRow("output.sink.kafka.properties.partitioner=random")]
    [DataRow("output.sink={ files: { dir: out } }")]
    public void SettingThatChangesASampleOrItsPlace_ChangesTheHash(params string[] settings) => Assert.AreNotEqual(Hash(), Hash(settings));

    [TestMethod]
    public void OrderOfStreams_ChangesTheHash()
    {
        JobOptions job = Load();

        Assert.AreNotEqual(SettingsHash.Of(job), SettingsHash.Of(job with { Streams = [.. job.Streams.Reverse()] }));
    }

    [TestMethod]
    public void BoundsThatSwap_ChangeTheHash() =>
        Assert.AreNotEqual(Hash("streams.click.filter=[{ field: a, min: 1 }]"), Hash("streams.click.filter=[{ field: a, max: 1 }]"));

    [TestMethod]
    public void Hash_IsThirtyTwoLowerCaseHexDigits() => Assert.MatchesRegex("^[0-9a-f]{32}$", Hash());

    /// <summary>Pins the hash, so that a change of its text, which makes every running job's state look foreign, is made on purpose.</summary>
    [TestMethod]
    public void Hash_StaysWhatItWas() => Assert.AreEqual("ac64b5c7463b76a5799d157dddcbde1a", Hash("streams.click.source={ kafka: { bootstrap: 'b:1', topics: [c] } }"));

    private static string Hash(params string[] settings) => SettingsHash.Of(Load(settings));

    private static JobOptions Load(params string[] settings)
    {
        using var job = new JobText();
        // A place of its own for each load would be a setting that differs.
        string text = JobText.SmallWith("{ files: { paths: [exposure.jsonl] } }", "{ kafka: { bootstrap: 'b:1', topics: [a, b] } }")
            .Replace("click.jsonl", "/logs/click.jsonl", StringComparison.Ordinal)
            .Replace("files: { dir: out }", "kafka: { bootstrap: 'b:1', topic: samples }", StringComparison.Ordinal);
        return job.LoadSound(text, settings);
    }
}
