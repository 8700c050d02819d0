using System.Runtime.InteropServices;
using System.Text;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Skew;

[TestClass]
[DoNotParallelize] // It measures allocations.
public sealed class SaltTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly SaltBatch _output = new(3);

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void EventsOfOneKeyStreamAndMillisecond_BecomeOneEntry_TheFirstWithItsPayload()
    {
        using Salt sut = Make(keepLetters: false);

        Run(sut, 10, [new(0, "k", 5, "b", "second"), new(1, "k", 5, "c"), new(0, "k", 5, "a", "first"), new(1, "k", 5, "d"), new(1, "k", 5, "c"), new(0, "k", 6, "e", "later"), new(0, "l", 5, "f", "other"), new(2, "k", 5, "g")]);

        CollectionAssert.AreEquivalent(
            new[] { "0 k 5 id a payload first +1", "1 k 5 id  payload  +1", "2 k 5 id  payload  +0", "0 l 5 id f payload other +0", "0 k 6 id e payload later +0" }, Entries());
        Assert.AreEqual(1, _output.Duplicates[1]);
        Assert.AreEqual(3, _output.Taken[1]);
    }

    [TestMethod]
    public void ActionsWithDeadLetters_GoOnByThemselves()
    {
        using Salt sut = Make(keepLetters: true);

        Run(sut, 10, [new(1, "k", 5, "c", "one"), new(1, "k", 5, "d", "two"), new(1, "k", 5, "c", "one"), new(0, "k", 5, "a", "x"), new(0, "k", 5, "b", "y")]);

        CollectionAssert.AreEqual(new[] { "0 k 5 id a payload x +1", "1 k 5 id c payload one +0", "1 k 5 id d payload two +0" }, Entries());
        Assert.AreEqual(1, _output.Duplicates[1]);
    }

    [TestMethod]
    public void MoreEventsOfAMillisecondThanAnEntryStandsFor_BecomeSeveralEntries()
    {
        using Salt sut = Make(keepLetters: false);

        Run(sut, 10, [.. Enumerable.Range(0, 40_000).Select(i => new TestEvent(0, "k", 5, $"{i:D5}"))]);

        Assert.AreEqual(2, _output.EntryCount);
        CollectionAssert.AreEqual(new[] { $"0 k 5 id 00000 payload {{}} +{ReorderEntry.MostAlso}", "0 k 5 id 32768 payload {} +7231" }, Entries());
    }

    [TestMethod]
    public void EventAtTheWatermark_Waits()
    {
        using Salt sut = Make(keepLetters: false);

        Run(sut, 5, [new(0, "k", 4, "a"), new(0, "k", 5, "b")]);

        CollectionAssert.AreEqual(new[] { "0 k 4 id a payload {} +0" }, Entries());
        Assert.AreEqual(1, sut.Reorder.Waiting[0]);
        Assert.AreEqual(5, _output.Watermark);
    }

    [TestMethod]
    public void FullBatch_SaysHowFarItGoes_AndTheLastOneBringsTheTurn()
    {
        using Salt sut = Make(keepLetters: false, batchBytes: 90);
        Accept(sut, 1_000, [.. Enumerable.Range(0, 10).Select(i => new TestEvent(0, "k", 100 + i, $"{i}", new string('x', 60)))]);

        Assert.IsTrue(sut.Condense(_output));

        Assert.AreEqual(6, _output.Turn);
        Assert.AreEqual(101, _output.Watermark, "everything below it is sent");
        Assert.AreEqual(1, _output.EntryCount);
        int entries = 1;
        bool more;
        do
        {
            _output.Clear();
            more = sut.Condense(_output);
            entries += _output.EntryCount;
        }
        while (more);
        Assert.AreEqual(10, entries);
        Assert.AreEqual(7, _output.Turn);
        Assert.AreEqual(1_000, _output.Watermark);
    }

    [TestMethod]
    public void Condensing_AllocatesNothingPerEvent()
    {
        using Salt sut = Make(keepLetters: false);
        RecordBatch batch = ParsedBatch.Of(ParsedBatch.Partition(), [.. Enumerable.Range(0, 1_000).Select(i => new TestEvent(i % 2, "k", 0, $"id{i}", "{\"scene\":\"feed\"}"))]);
        var input = new LaneBatch { Records = batch };
        for (int i = 0; i < 1_000; i++) input.Add(i);
        long time = 1_000_000;
        long entries = 0;
        for (int round = 0; round < 2_000; round++) Round();

        long allocated = Allocations.Least(() =>
        {
            for (int round = 0; round < 200; round++) Round();
        });

        Assert.IsGreaterThan(1_000, entries);
        Assert.IsLessThan(0.05, allocated / 200_000.0, $"{allocated} bytes for 200,000 events");

        void Round()
        {
            for (int i = 0; i < batch.EventCount; i++) batch.Events[i].Time = time + (i * 7 % 50);
            time += 50;
            input.Watermark = time - 500;
            sut.Accept(input);
            while (sut.Condense(_output)) _output.Clear();
            entries += _output.EntryCount;
            _output.Clear();
        }
    }

    private Salt Make(bool keepLetters, int batchBytes = 1 << 20) => new(
        new SaltOptions { Lane = 0, Salt = 1, Ranks = [0, 1, 2], KeepLetters = keepLetters, BatchBytes = batchBytes },
        new ReorderBuffer(3, 64 << 20, _folder["salt"], null));

    private static void Accept(Salt salt, long watermark, TestEvent[] events)
    {
        var batch = new LaneBatch { Records = ParsedBatch.Of(ParsedBatch.Partition(), events), Watermark = watermark, Turn = 7 };
        for (int i = 0; i < events.Length; i++) batch.Add(i);
        salt.Accept(batch);
    }

    private void Run(Salt salt, long watermark, TestEvent[] events)
    {
        Accept(salt, watermark, events);
        Assert.IsFalse(salt.Condense(_output));
        Assert.AreEqual(2, _output.Input);
    }

    private string[] Entries() => [.. Enumerable.Range(0, _output.EntryCount).Select(Text)];

    private string Text(int number)
    {
        SaltedEntry entry = _output.Entries[number];
        ReadOnlySpan<byte> bytes = _output.Bytes.AsSpan(entry.Start, entry.Length);
        WaitingHead head = MemoryMarshal.Read<WaitingHead>(bytes);
        bytes = bytes[WaitingHead.Bytes..];
        string key = Encoding.UTF8.GetString(bytes[KeyEncoding.FieldPrefix..head.KeyLength]);
        string id = Encoding.UTF8.GetString(bytes.Slice(head.KeyLength, head.IdLength));
        return $"{entry.Rank} {key} {entry.Time} id {id} payload {Encoding.UTF8.GetString(bytes.Slice(head.KeyLength + head.IdLength, head.PayloadLength))} +{entry.Also}";
    }
}
