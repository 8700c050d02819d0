using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Models;

namespace Pipeline.Tests.Sinks;

/// <summary>Faults and crashes anywhere in the file sink, a replay behind the committed progress after each: what a reader sees is what an undisturbed run writes.</summary>
[TestClass]
public sealed class FileSinkCrashTests
{
    private const int Lanes = 3;
    private const int Groups = 8;
    private const int SamplesOfGroup = 60;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [TestMethod]
    public void AfterAnyFaultsAndCrashes_AReaderSeesEachSampleOnceInOrder() =>
        Gen.Int[0, int.MaxValue - 1].Sample(seed => RunAsync(new Random(seed)).GetAwaiter().GetResult(), iter: Iterations.Of(40), threads: 1);

    private static async Task RunAsync(Random random)
    {
        using var folder = new TempFolder();
        var store = new CrashingStore(random);
        (int Group, int Ordinal, string Value)[][] lanes = [.. Enumerable.Range(0, Lanes).Select(lane => LaneOf(lane, random))];
        int crashesLeft = random.Next(1, 12);
        long commits = 0;
        for (int start = 0; ; start++)
        {
            store.FaultsOneIn = crashesLeft > 0 ? 20 : 0;
            store.CrashesOneIn = crashesLeft > 0 ? 25 : 0;
            var clock = new FakeTimeProvider();
            var sink = new FileSink(new FileSinkOptions { Dir = folder.Path }, new SampleSinkSettings { Clock = clock, Lanes = Lanes, Delivery = DeliveryMode.ExactlyOnce }, store);
            bool ended = false;
            try
            {
                await WriteAllAsync(sink, lanes, $"start {start}", clock, random);
                ended = true;
            }
            catch (Exception stopped) when (stopped is CrashException or SinkUnavailableException)
            {
                crashesLeft--;
            }
            await sink.DisposeAsync();
            store.LoseUnsynced();
            AssertCommitted(folder.Path, lanes, ref commits, all: ended);
            if (ended) return;
        }
    }

    /// <summary>A start, a replay that emits what is behind the progress, and commits by flushes and by time wherever chance has them.</summary>
    private static async Task WriteAllAsync(
        FileSink sink, (int Group, int Ordinal, string Value)[][] lanes, string owner, FakeTimeProvider clock, Random random)
    {
        await sink.OpenAsync(default);
        Progress begun = await sink.ReadProgressAsync(default) ?? ProgressFixture.Nothing(owner);
        await clock.PassUntil(sink.BeginAsync(begun with { Owner = owner }, fresh: false, default), Second);
        Queue<(int Group, int Ordinal, string Value)>[] left =
            [.. lanes.Select(lane => new Queue<(int Group, int Ordinal, string Value)>(lane.Where(sample => ProgressFixture.PointOf(sample.Group, sample.Ordinal) > begun.Points[sample.Group])))];
        while (left.Any(static lane => lane.Count > 0))
        {
            int lane = random.Next(Lanes);
            if (left[lane].Count == 0) continue;
            (int, int, string)[] samples = [.. Enumerable.Range(0, random.Next(1, 12)).TakeWhile(_ => left[lane].Count > 0).Select(_ => left[lane].Dequeue())];
            OutputBatch batch = random.Next(2) == 0 ? ProgressFixture.Batch(lane, samples) : ProgressFixture.Lines(lane, samples);
            await clock.PassUntil(sink.WriteAsync(batch, default).AsTask(), Second);
            if (random.Next(8) == 0) await clock.PassUntil(sink.FlushAsync(default), Second);
            if (random.Next(8) == 0) clock.Advance(Second);
        }
        await clock.PassUntil(sink.FlushAsync(default), Second);
    }

    private static void AssertCommitted(string directory, (int Group, int Ordinal, string Value)[][] lanes, ref long commits, bool all)
    {
        Progress? progress = CommittedOutput.Read(Path.Combine(directory, CommittedOutput.FileName)).Progress;
        Dictionary<string, string> found = ProgressFixture.ReadCommitted(directory);
        if (progress is not null)
        {
            Assert.IsGreaterThanOrEqualTo(commits, progress.Commits);
            commits = progress.Commits;
        }
        for (int lane = 0; lane < Lanes; lane++)
        {
            IEnumerable<(int Group, int Ordinal, string Value)> covered =
                lanes[lane].Where(sample => all || (progress is not null && ProgressFixture.PointOf(sample.Group, sample.Ordinal) <= progress.Points[sample.Group]));
            Assert.AreEqual(string.Concat(covered.Select(static sample => sample.Value + "\n")), found.GetValueOrDefault($"samples-{lane}.jsonl", ""), $"lane {lane}");
        }
    }

    /// <summary>A lane's samples in its order of emission: its groups' interleaved, some large enough to be written before a commit.</summary>
    private static (int Group, int Ordinal, string Value)[] LaneOf(int lane, Random random)
    {
        int[] groups = [.. Enumerable.Range(0, Groups).Where(group => group % Lanes == lane)];
        var next = new int[Groups];
        int[] order = [.. groups.SelectMany(static group => Enumerable.Repeat(group, SamplesOfGroup))];
        random.Shuffle(order);
        return [.. order.Select(group => (group, ++next[group], $"{group}:{next[group]}:{new string('v', random.Next(4) == 0 ? random.Next(40_000) : random.Next(100))}"))];
    }
}
