using System.Text;
using CsCheck;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Models;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class ReorderBufferTests
{
    [TestMethod]
    public void EventAtTheWatermark_Waits()
    {
        using var folder = new TempFolder();
        using ReorderBuffer sut = Buffer(folder, 1 << 20);
        Add(sut, new TestEvent(0, "a", 1000), new TestEvent(0, "a", 999));

        List<string> due = Drain(sut, 1000);

        CollectionAssert.AreEqual(new[] { "0 a 999  {}" }, due);
        Assert.AreEqual(1, sut.Waiting[0]);
        Assert.HasCount(1, Drain(sut, 1001));
    }

    [TestMethod]
    public void TiesAreSettledByRank_ThenIdBytes_ThenPayloadBytes()
    {
        using var folder = new TempFolder();
        using ReorderBuffer sut = Buffer(folder, 1 << 20);
        Add(
            sut,
            new TestEvent(2, "a", 5, "1", "{}"), new TestEvent(1, "a", 5, "é", "{}"), new TestEvent(1, "a", 5, "z", "{}"),
            new TestEvent(1, "a", 5, "", "{\"b\":1}"), new TestEvent(1, "a", 5, "", "{\"a\":1}"), new TestEvent(0, "a", 5, "9", "{}"));

        List<string> due = Drain(sut, long.MaxValue);

        CollectionAssert.AreEqual(
            new[] { "0 a 5 9 {}", "1 a 5  {\"a\":1}", "1 a 5  {\"b\":1}", "1 a 5 z {}", "1 a 5 é {}", "2 a 5 1 {}" }, due);
    }

    [TestMethod]
    public void SameIdOtherPayload_IsADuplicate_AndTheLesserPayloadCounts()
    {
        using var folder = new TempFolder();
        using ReorderBuffer sut = Buffer(folder, 1 << 20);
        Add(sut, new TestEvent(0, "a", 5, "i", "{\"z\":1}"), new TestEvent(0, "a", 5, "i", "{\"b\":1}"));

        CollectionAssert.AreEqual(new[] { "0 a 5 i {\"b\":1}" }, Drain(sut, 6));
    }

    [TestMethod]
    public void AbsentIdAndEqualPayload_IsADuplicate_PresentIdIsNot()
    {
        using var folder = new TempFolder();
        using ReorderBuffer sut = Buffer(folder, 1 << 20);
        Add(sut, new TestEvent(0, "a", 5), new TestEvent(0, "a", 5), new TestEvent(0, "a", 5, "i"));

        Assert.HasCount(2, Drain(sut, 6));
    }

    /// <summary>Three times the budget waits: events go to disk and come back, in the memory that others have left. Before, each round of writes gave that up, at 150 bytes an event.</summary>
    [TestMethod]
    public void BufferOverItsBudget_UsesItsMemoryAgain()
    {
        const int events = 100_000, waiting = 20_000;
        const long budget = 2 << 20;
        using var folder = new TempFolder();
        using ReorderBuffer sut = Buffer(folder, budget);
        RecordBatch batch = ParsedBatch.Of(ParsedBatch.Partition(), new TestEvent(0, "key", 0, "id", $"{{\"p\":\"{new string('x', 200)}\"}}"));
        Feed(sut, batch, 0, events, waiting);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Feed(sut, batch, events, events, waiting);

        Assert.IsGreaterThan(budget, sut.DiskBytes);
        Assert.IsLessThanOrEqualTo(budget + (256 << 10), sut.MemoryBytes);
        Assert.IsLessThan(30.0, (GC.GetAllocatedBytesForCurrentThread() - before) / (double)events);
    }

    /// <summary>One integer holds 58 bits of a hash: what differs in the rest only is told apart behind it.</summary>
    [TestMethod]
    public void KeysThatDifferInTheirLastBitsOnly_AreInTheOrderOfTheirHash()
    {
        using var folder = new TempFolder();
        using ReorderBuffer sut = Buffer(folder, 1 << 20);
        KeyHash[] keys = [new(64, 9), new(65, 1), new(65, 2), new(127, 0), new(128, 0), new(ulong.MaxValue, 0), new(ulong.MaxValue, 1)];
        byte[] bytes = new byte[WaitingHead.Bytes];
        foreach (int at in new[] { 3, 6, 0, 5, 2, 4, 1 }) sut.Add(new SaltedEntry { Time = 1_000, Key = keys[at], Length = bytes.Length, Also = 0 }, bytes);
        var found = new List<KeyHash>();
        sut.TryOpenRun(1_001);

        for (; sut.TryNext(out ReorderEntry entry, out _); sut.Step()) found.Add(entry.Key);

        CollectionAssert.AreEqual(keys, found);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1 << 20)]
    public void EventsOfAnyLength_ComeBackWhole(int budget)
    {
        using var folder = new TempFolder();
        using ReorderBuffer sut = Buffer(folder, budget);
        int[] lengths = [10, 70_000, 100, 9_000, 2_100, 100, 8_100, 100, 30_000, 5_000, 100, 60_000, 100];
        for (int i = 0; i < lengths.Length; i++) Add(sut, new TestEvent(0, "k", 5, $"{i:00}", new string((char)('a' + i), lengths[i])));

        List<string> due = Drain(sut, 6);

        CollectionAssert.AreEqual(lengths.Select((length, i) => $"0 k 5 {i:00} {new string((char)('a' + i), length)}").ToArray(), due);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(1 << 20)]
    public void BucketGivenOutInPart_GivesTheRest_AndWhatCameMeanwhile(int budget)
    {
        using var folder = new TempFolder();
        using ReorderBuffer sut = Buffer(folder, budget);
        Add(sut, new TestEvent(0, "k", 1), new TestEvent(0, "k", 40), new TestEvent(0, "k", 20));
        CollectionAssert.AreEqual(new[] { "0 k 1  {}" }, Drain(sut, 2));

        Add(sut, new TestEvent(0, "k", 30), new TestEvent(0, "k", 10));

        CollectionAssert.AreEqual(new[] { "0 k 10  {}", "0 k 20  {}" }, Drain(sut, 21));
        CollectionAssert.AreEqual(new[] { "0 k 30  {}", "0 k 40  {}" }, Drain(sut, 41));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(1 << 20)]
    public void SnapshotOfABucketGivenOutInPart_HasWhatIsLeft_Once(int budget)
    {
        using var folder = new TempFolder();
        using ReorderBuffer lent = Buffer(folder, budget);
        Add(lent, new TestEvent(0, "k", 1), new TestEvent(0, "k", 40), new TestEvent(0, "k", 20), new TestEvent(1, "k", 900));
        Drain(lent, 21);
        Add(lent, new TestEvent(0, "k", 30));
        ReorderSnapshot snapshot = lent.BeginSnapshot();
        Drain(lent, 35);
        Write(snapshot, folder["snapshot"]);
        snapshot.Release();
        using var other = new TempFolder();
        using ReorderBuffer sut = Buffer(other, budget);

        using (var reader = new SnapshotReader(folder["snapshot"])) sut.Load(reader);

        CollectionAssert.AreEqual(new[] { "0 k 30  {}", "0 k 40  {}", "1 k 900  {}" }, Drain(sut, long.MaxValue));
        CollectionAssert.AreEqual(new[] { "0 k 40  {}", "1 k 900  {}" }, Drain(lent, long.MaxValue));
    }

    [TestMethod]
    public void SecondSnapshot_HasWhatWaitsThen_AndNothingOfTheFirst()
    {
        using var folder = new TempFolder();
        using ReorderBuffer lent = Buffer(folder, 1 << 20);
        Add(lent, new TestEvent(0, "k", 1), new TestEvent(0, "k", 400), new TestEvent(0, "k", 800));
        ReorderSnapshot first = lent.BeginSnapshot();
        Assert.ThrowsExactly<InvariantException>(() => lent.BeginSnapshot());
        Write(first, folder["first"]);
        first.Release();
        Drain(lent, 500);
        Add(lent, new TestEvent(0, "k", 600));
        ReorderSnapshot second = lent.BeginSnapshot();
        first.Release();
        Write(second, folder["second"]);
        second.Release();

        CollectionAssert.AreEqual(new[] { "0 k 1  {}", "0 k 400  {}", "0 k 800  {}" }, Load("first"));
        CollectionAssert.AreEqual(new[] { "0 k 600  {}", "0 k 800  {}" }, Load("second"));

        string[] Load(string name)
        {
            using var other = new TempFolder();
            using ReorderBuffer sut = Buffer(other, 1 << 20);
            using (var reader = new SnapshotReader(folder[name])) sut.Load(reader);
            return [.. Drain(sut, long.MaxValue)];
        }
    }

    private static void Write(ReorderSnapshot snapshot, string path)
    {
        using var writer = new SnapshotWriter(path, NoRepeat.Instance, SegmentIo.Real);
        writer.Open(CancellationToken.None);
        snapshot.Finish(writer, CancellationToken.None);
        ReorderSnapshot.End(writer);
        writer.Finish();
    }

    [TestMethod]
    public void EventBeforeABucketThatIsDueInPart_StopsTheLane()
    {
        using var folder = new TempFolder();
        using ReorderBuffer sut = Buffer(folder, 1 << 20);
        Add(sut, new TestEvent(0, "k", 1_000), new TestEvent(0, "k", 1_010));
        Drain(sut, 1_001);

        Add(sut, new TestEvent(0, "k", 10));

        Assert.ThrowsExactly<InvariantException>(() => sut.TryOpenRun(1_001));
    }

    /// <summary>Any arrival, any watermark steps, any budget: the distinct events in the contract's order.</summary>
    [TestMethod]
    public void AnyArrivalAndBudget_GivesTheTotalOrder()
    {
        Gen<TestEvent> events = Gen.Select(
            Gen.Int[0, 2], Gen.Int[0, 3], Gen.OneOf(Gen.Long[0, 3_000], Gen.Long[0, 200]), Gen.Int[0, 2], Gen.OneOf(Gen.Int[0, 1], Gen.Int[0, 4_000]),
            (stream, key, time, id, payload) => new TestEvent(stream, $"k{key}", time, id == 0 ? "" : $"i{id}", $"{{\"p\":\"{new string('x', payload)}\"}}"));
        Gen.Select(events.Array[1, 80], Gen.Long[1, 3_000].Array[0, 5], Gen.Int[0, 4].Select(static at => (long)new[] { 0, 1_500, 3_000, 30_000, 1 << 20 }[at])).Sample(
            (all, steps, budget) =>
            {
                using var folder = new TempFolder();
                using ReorderBuffer sut = Buffer(folder, budget);
                long watermark = 0;
                var found = new List<string>();
                foreach (TestEvent item in all)
                {
                    if (item.Time < watermark) continue;
                    Add(sut, item);
                    if (steps.Length == 0 || item.Id != "i1") continue;
                    watermark += steps[found.Count % steps.Length] / 4;
                    found.AddRange(Drain(sut, watermark));
                }
                found.AddRange(Drain(sut, long.MaxValue));
                return found.SequenceEqual(Expected(all, steps, found)) && sut.Waiting.ToArray().All(waiting => waiting == 0);
            },
            iter: Iterations.Of(1_000));
    }

    private static List<string> Expected(TestEvent[] all, long[] steps, List<string> found)
    {
        // The order itself, from the contract: time, key hash, rank, id, payload; then neighbours with the same identity fall out.
        long watermark = 0;
        var taken = new List<TestEvent>();
        int emitted = 0;
        foreach (TestEvent item in all)
        {
            if (item.Time < watermark) continue;
            taken.Add(item);
            if (steps.Length == 0 || item.Id != "i1") continue;
            watermark += steps[emitted % steps.Length] / 4;
            emitted = Ordered(taken.Where(due => due.Time < watermark)).Count;
        }
        return Ordered(taken);
    }

    private static List<string> Ordered(IEnumerable<TestEvent> events)
    {
        var sorted = events
            .OrderBy(item => item.Time).ThenBy(item => Keys.Of(item.Key)).ThenBy(item => item.Stream)
            .ThenBy(item => item.Id, StringComparer.Ordinal).ThenBy(item => item.Payload, StringComparer.Ordinal).ToList();
        return [.. sorted.DistinctBy(item => (item.Stream, item.Key, item.Time, item.Id, item.Id.Length > 0 ? "" : item.Payload)).Select(Text)];
    }

    private static string Text(TestEvent item) => $"{item.Stream} {item.Key} {item.Time} {item.Id} {item.Payload}";

    private static ReorderBuffer Buffer(TempFolder folder, long budget) => new(3, budget, folder["spill"], null);

    private static void Add(ReorderBuffer buffer, params TestEvent[] events)
    {
        RecordBatch batch = ParsedBatch.Of(ParsedBatch.Partition(), events);
        for (int i = 0; i < batch.EventCount; i++) buffer.Add(batch.Events[i], batch.Events[i].Stream, batch);
        batch.Release();
    }

    /// <summary>An event a millisecond, taken out so many later.</summary>
    private static void Feed(ReorderBuffer buffer, RecordBatch batch, long from, int events, int waiting)
    {
        ref ParsedEvent parsed = ref batch.Events[0];
        for (parsed.Time = from; parsed.Time < from + events; parsed.Time++)
        {
            buffer.Add(parsed, 0, batch);
            if (parsed.Time % 1_000 != 0) continue;
            do
                while (buffer.TryNext(out _, out _)) buffer.Step();
            while (buffer.TryOpenRun(parsed.Time - waiting));
        }
    }

    private static List<string> Drain(ReorderBuffer buffer, long watermark)
    {
        var found = new List<string>();
        do
        {
            while (buffer.TryNext(out ReorderEntry entry, out bool duplicate))
            {
                buffer.Read(entry, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> id, out ReadOnlySpan<byte> payload);
                if (!duplicate)
                {
                    found.Add(
                        $"{entry.Rank} {Encoding.UTF8.GetString(KeyEncoding.Next(ref key))} {entry.Time} {Encoding.UTF8.GetString(id)} {Encoding.UTF8.GetString(payload)}");
                }
                buffer.Step();
            }
        }
        while (buffer.TryOpenRun(watermark));
        return found;
    }
}
