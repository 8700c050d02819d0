using System.Text;
using System.Text.Json;
using Pipeline.Blocks.Records;
using Pipeline.Configuration;
using Pipeline.Tests.EndToEnd;
using Pipeline.Verification;

namespace Pipeline.Tests.Crashes;

/// <summary>The crash tests' own checks find what they are there to find: each is given one thing that is wrong.</summary>
[TestClass]
public sealed class OutcomeCheckTests
{
    private const int Keys = 40;
    private static JsonElement Summary;
    private static ReferenceResult Expected = null!;
    private static FoundSample[] Found = null!;
    private static readonly Dictionary<string, long> Records = new() { ["exposure"] = Keys, ["click"] = Keys };

    [ClassInitialize]
    public static async Task MakeSamples(TestContext _)
    {
        using var run = new JobRun();
        string Lines(int first) => string.Concat(Enumerable.Range(0, Keys).Select(i => $$"""{"user":"u{{i}}","item":"i","ts":{{1_764_064_800_000 + first + (i * 1000)}}}""" + "\n"));
        run.Write("exposure.jsonl", Lines(0));
        run.Write("click.jsonl", Lines(500));
        string job = run.Write("job.yaml", """
            job: checks
            streams:
              - { name: exposure, role: exposure, source: { files: { paths: [exposure.jsonl] } }, format: json, key: [user, item], time: { field: ts } }
              - { name: click, role: action, source: { files: { paths: [click.jsonl] } }, format: json, key: [user, item], time: { field: ts } }
            output: { sink: { files: { dir: out } } }
            state: { dir: state, memory: 32MiB }
            """);
        Summary = await run.RunToEndAsync(job);
        JobOptions options = JobLoader.Load(job, [], new Dictionary<string, string>()).Job!;
        Expected = ReferenceJoin.Run(options, SourceReader.ReadAll(options));
        Found = [.. FoundSamples.Read(options, run["out"], header: null)];
    }

    [TestMethod]
    public void SoundRun_PassesEveryCheck()
    {
        Assert.HasCount(Keys, Found);
        Assert.IsEmpty(Samples(Found));
        Assert.IsEmpty(OutcomeChecks.SamplesWithFloors("reader", Expected.Samples, Found, refused: 0));
        Assert.IsEmpty(OutcomeChecks.SameSeen(Seen(Found), Found));
        Assert.IsEmpty(OutcomeChecks.Order(Seen(InOrder())));
        Assert.IsEmpty(OutcomeChecks.Ledger(Summary, Expected, Records, Found));
    }

    [TestMethod]
    public void SampleTwice_IsFound()
    {
        StringAssert.Contains(Samples([.. Found, Found[7]])[0], "duplicates 1");
        Assert.IsNotEmpty(OutcomeChecks.SamplesWithFloors("reader", Expected.Samples, [.. Found, Found[7]], refused: 0));
        Assert.IsNotEmpty(OutcomeChecks.SameSeen(Seen([.. Found, Found[7]]), Found));
        Assert.IsNotEmpty(OutcomeChecks.Ledger(Summary, Expected, Records, [.. Found, Found[7]]));
    }

    [TestMethod]
    public void SampleMissing_IsFound()
    {
        StringAssert.Contains(Samples(Found[1..])[0], "missing 1");
        Assert.IsNotEmpty(OutcomeChecks.SamplesWithFloors("reader", Expected.Samples, Found[1..], refused: 9));
        Assert.IsNotEmpty(OutcomeChecks.SameSeen(Seen(Found[1..]), Found));
    }

    [TestMethod]
    public void ByteOfAValueOrAKey_IsFound()
    {
        FoundSample value = Found[3] with { Value = [.. Found[3].Value[..^2], (byte)' ', .. Found[3].Value[^2..]] };
        FoundSample key = Found[3] with { Key = "u3/i"u8.ToArray() };

        StringAssert.Contains(Samples([.. Found[..3], value, .. Found[4..]])[0], "different 1");
        StringAssert.Contains(Samples([.. Found[..3], key, .. Found[4..]])[0], "different 1");
        Assert.IsNotEmpty(OutcomeChecks.SamplesWithFloors("reader", Expected.Samples, [.. Found[..3], value, .. Found[4..]], refused: 9));
    }

    [TestMethod]
    public void ClickMissing_IsAllowedOnlyBelowAFloor()
    {
        string text = Encoding.UTF8.GetString(Found[3].Value);
        string without = text.Replace("\"label\":1,\"labels\":{\"click\":{\"label\":1,\"count\":1,\"first_delay_ms\":500}}", "\"label\":0,\"labels\":{\"click\":{\"label\":0,\"count\":0}}", StringComparison.Ordinal);
        Assert.AreNotEqual(text, without);
        FoundSample[] found = [.. Found[..3], Found[3] with { Value = Encoding.UTF8.GetBytes(without) }, .. Found[4..]];

        Assert.IsEmpty(OutcomeChecks.SamplesWithFloors("reader", Expected.Samples, found, refused: 1));
        Assert.IsNotEmpty(OutcomeChecks.SamplesWithFloors("reader", Expected.Samples, found, refused: 0));
        Assert.IsNotEmpty(Samples(found));
        Assert.IsNotEmpty(OutcomeChecks.Ledger(Summary, Expected, Records, found));
    }

    [TestMethod]
    public void SampleOutOfOrder_IsFound()
    {
        FoundSample[] sound = InOrder();
        IGrouping<int, FoundSample> group = sound.GroupBy(sample => SampleContent.Read(sample.Value)!.Point.Key.Group).First(same => same.Count() > 1);
        FoundSample last = group.Last();

        Assert.IsNotEmpty(OutcomeChecks.Order(Seen([last, .. sound.Where(sample => sample.Id != last.Id)])));
        Assert.IsNotEmpty(OutcomeChecks.Order([.. Seen(sound), Seen([sound[^1]])[0]]), "twice is out of order too");
        Assert.IsNotEmpty(OutcomeChecks.Order([.. Seen(sound), Seen([sound[0]])[0] with { Place = "elsewhere" }]), "a key is in two places");
    }

    [TestMethod]
    public void RecordCountedTwice_IsFound()
    {
        JsonElement twice = JsonElement.Parse(Summary.GetRawText().Replace($"\"records\":{Keys},", $"\"records\":{Keys + 1},", StringComparison.Ordinal));
        Assert.IsNotEmpty(OutcomeChecks.Ledger(twice, Expected, Records, Found));
    }

    [TestMethod]
    public void LetterMissing_IsFound()
    {
        JsonElement refused = JsonElement.Parse(Summary.GetRawText().Replace("\"orphaned\":0", "\"orphaned\":1", StringComparison.Ordinal));
        Assert.IsEmpty(OutcomeChecks.Letters(Summary, "nowhere"));
        Assert.IsNotEmpty(OutcomeChecks.Letters(refused, "nowhere"));
    }

    private static string[] Samples(FoundSample[] found) => [.. OutcomeChecks.Samples("reader", Expected.Samples, found)];

    private static SeenSample[] Seen(FoundSample[] found) => [.. found.Select(sample => new SeenSample("here", sample.Key, sample.Value))];

    private static FoundSample[] InOrder() => [.. Found.OrderBy(sample => SampleContent.Read(sample.Value)!.Point)];
}
