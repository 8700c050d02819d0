using CsCheck;
using Pipeline.Blocks.Joining;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class TimingWheelTests
{
    private const long Minute = 60_000;

    [TestMethod]
    public void TimerIsTakenInItsTick_NotBefore()
    {
        var sut = new TimingWheel();
        sut.Add(1_764_000_000_000, 7);

        Assert.IsFalse(sut.TryTake(1_764_000_000_000 - 64, out _));
        Assert.IsTrue(sut.TryTake(1_764_000_000_000, out TimerRange range));
        Assert.AreEqual(7, range.From);
        Assert.AreEqual(0, sut.Count);
    }

    [TestMethod]
    public void EntriesOfOneTick_ShareATimer()
    {
        var sut = new TimingWheel();
        sut.Add(64_000, 1);
        sut.Add(64_001, 2);
        sut.Add(64_063, 3);
        sut.Add(64_064, 4);

        Assert.AreEqual(2, sut.Count);
        Assert.IsTrue(sut.TryTake(long.MaxValue, out TimerRange first));
        Assert.IsTrue(sut.TryTake(long.MaxValue, out TimerRange second));
        Assert.AreEqual((1L, 4L), (first.From, second.From));
    }

    [TestMethod]
    public void TimerForATickThatWasTaken_IsSetAnew()
    {
        var sut = new TimingWheel();
        sut.Add(64_000, 1);
        Assert.IsTrue(sut.TryTake(64_000, out _));

        sut.Add(64_010, 2);

        Assert.IsTrue(sut.TryTake(64_010, out TimerRange again));
        Assert.AreEqual(2, again.From);
    }

    [TestMethod]
    public void NextTime_IsNeverAfterTheEarliestTimer()
    {
        var sut = new TimingWheel();
        Assert.AreEqual(long.MaxValue, sut.NextTime);
        sut.Add(20 * Minute, 1);
        sut.Add(90 * Minute, 2);

        Assert.IsLessThanOrEqualTo(20 * Minute, sut.NextTime);
        Assert.IsTrue(sut.TryTake(20 * Minute, out _));
        Assert.IsLessThanOrEqualTo(90 * Minute, sut.NextTime);
        Assert.IsFalse(sut.TryTake(90 * Minute - 64, out _));
    }

    /// <summary>Against a sorted list: the same timers, in the same order, at the same calls.</summary>
    [TestMethod]
    public void AnyScheduleOfAddsAndTakes_EqualsASortedList() => EqualsASortedList(seed: null, iterations: 10_000);

    /// <summary>A wheel that took its first timer for the present put an earlier one behind it.</summary>
    [TestMethod]
    [DataRow("coR8F_XUXdS2")]
    public void ScheduleThatOnceFailed_EqualsASortedList(string seed) => EqualsASortedList(seed, iterations: 1);

    private static void EqualsASortedList(string? seed, long iterations)
    {
        Gen<(int Lead, int Step)[]> schedules = Gen.Select(Gen.Int[0, 5_000_000], Gen.Int[0, 400_000]).Array[1, 60];
        schedules.Sample(
            schedule =>
            {
                var sut = new TimingWheel();
                var model = new SortedDictionary<long, long>();
                long now = 1_700_000_000_000;
                long address = 0;
                long lastTick = long.MinValue;
                foreach ((int lead, int step) in schedule)
                {
                    long due = now + lead;
                    sut.Add(due, ++address);
                    long tick = due >> TimingWheel.TickBits;
                    if (tick != lastTick && !model.TryAdd(tick * 1_000_000 + address, address)) return false;
                    lastTick = tick;
                    now += step;
                    while (sut.TryTake(now, out TimerRange range))
                    {
                        (long key, long expected) = model.First();
                        if (expected != range.From || key / 1_000_000 > now >> TimingWheel.TickBits) return false;
                        model.Remove(key);
                        if (range.Tick == lastTick) lastTick = long.MinValue;
                    }
                    if (model.Count > 0 && model.First().Key / 1_000_000 <= now >> TimingWheel.TickBits) return false;
                }
                return sut.Count == model.Count;
            },
            seed: seed, iter: iterations);
    }
}
