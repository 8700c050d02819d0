using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Skew;

[TestClass]
public sealed class HotKeysTests
{
    private static readonly SourcePartition Log = ParsedBatch.Partition();
    private readonly HotKeys _sut = new(new SkewOptions { Mode = SkewMode.Auto, HotShare = 0.2, Salts = 3 }, new LaneMap(4));
    private long _time = 1_000_000;

    [TestMethod]
    public void KeyAboveItsShare_IsHot_ForTimesAboveAllThatWereAccepted()
    {
        Observe(batches: 20, share: 0.5);

        long from = FirstHot();
        Assert.IsGreaterThan(1_000_000, from);
        Assert.IsFalse(_sut.IsHot(KeyOf("hot"), from - 1));
        Assert.IsTrue(_sut.IsHot(KeyOf("hot"), long.MaxValue - 1));
        Assert.IsFalse(_sut.IsHot(KeyOf("other-1"), long.MaxValue - 1));
        Assert.IsTrue(_sut.Salted(new LaneMap(4).LaneOf(KeyOf("hot"))));
        Assert.AreEqual(1, _sut.TurnedHot);
        HotKeyReading reading = _sut.Reading.Single();
        Assert.AreEqual(KeyOf("hot"), reading.Key);
        Assert.AreEqual(0.5, reading.Share, 0.25);
        Assert.AreEqual(3, reading.Salts);
    }

    [TestMethod]
    public void KeyBelowItsShare_StaysHotDownToHalfOfIt()
    {
        Observe(batches: 20, share: 0.5);

        // Several half-lives: what is left is the share of now.
        Observe(batches: 100, share: 0.15);
        Assert.IsTrue(_sut.IsHot(KeyOf("hot"), _time + 1));
        Assert.AreEqual(1, _sut.TurnedHot);

        Observe(batches: 100, share: 0.05);
        Assert.IsFalse(_sut.IsHot(KeyOf("hot"), _time + 1));
        Assert.IsEmpty(_sut.Reading);
    }

    [TestMethod]
    public void KeyBelowItsShare_NeverTurnsHot()
    {
        Observe(batches: 200, share: 0.1);

        Assert.AreEqual(0, _sut.TurnedHot);
    }

    /// <summary>Events of times for which it was hot may still come, and have to go where their duplicates went.</summary>
    [TestMethod]
    public void CoolKey_IsHotForTheTimesItWas_UntilTheWatermarkIsAboveThem()
    {
        Observe(batches: 20, share: 0.5);
        long from = FirstHot();
        Observe(batches: 200, share: 0);
        int lane = new LaneMap(4).LaneOf(KeyOf("hot"));
        Assert.IsFalse(_sut.IsHot(KeyOf("hot"), _time + 1));
        Assert.IsTrue(_sut.IsHot(KeyOf("hot"), from));

        _sut.Forget(from);
        Assert.IsTrue(_sut.IsHot(KeyOf("hot"), from));
        Assert.IsTrue(_sut.Salted(lane));

        _sut.Forget(_time);
        Assert.IsFalse(_sut.IsHot(KeyOf("hot"), from));
        Assert.IsFalse(_sut.Salted(lane));
    }

    [TestMethod]
    public void Forced_EveryKeyIsHot_AboveWhatACheckpointHasAccepted()
    {
        var forced = new HotKeys(new SkewOptions { Mode = SkewMode.Force }, new LaneMap(1));
        Assert.IsTrue(forced.IsHot(KeyOf("any"), 0));

        forced.Begin(500);

        Assert.IsFalse(forced.IsHot(KeyOf("any"), 500));
        Assert.IsTrue(forced.IsHot(KeyOf("any"), 501));
    }

    private long FirstHot()
    {
        long time = 1_000_000;
        while (!_sut.IsHot(KeyOf("hot"), time)) time++;
        return time;
    }

    /// <summary>Batches of 100 events and a second each.</summary>
    private void Observe(int batches, double share)
    {
        for (int number = 0; number < batches; number++)
        {
            RecordBatch batch = ParsedBatch.Of(Log, [.. Enumerable.Range(0, 100).Select(i => new TestEvent(0, (i * 37 % 100) < share * 100 ? "hot" : $"other-{(number * 100) + i}", _time + i))]);
            _time += 1_000;
            _sut.Observe(batch, _time);
        }
    }

    private static KeyHash KeyOf(string key)
    {
        Span<byte> encoded = stackalloc byte[64];
        return KeyEncoding.Hash(encoded[..KeyEncoding.Append(encoded, System.Text.Encoding.UTF8.GetBytes(key))]);
    }
}
