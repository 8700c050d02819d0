using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Joining;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class RepeatWritesTests
{
    private static readonly DeviceFault DiskFull = new("write", "log.0", 0, 512, 0, new IOException("No space left on device"));

    [TestMethod]
    public void IoErrors_AreRepeatedUntilTheLimit()
    {
        var clock = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.Zero };
        var reported = new List<DeviceFault>();
        var sut = new RepeatWrites(clock, TimeSpan.FromSeconds(15), reported.Add);
        int attempt = 0;
        DateTimeOffset start = clock.GetUtcNow();

        Task<int> repeating = Task.Run(() =>
        {
            while (sut.Repeat(DiskFull, ++attempt, CancellationToken.None))
            {
            }
            return attempt;
        });
        while (!repeating.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            Thread.Yield();
        }

        // 0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 3.2 + 5 + 5 seconds of delay lie before the ninth attempt.
        Assert.AreEqual(9, repeating.Result);
        Assert.IsGreaterThanOrEqualTo(TimeSpan.FromSeconds(16.3), clock.GetUtcNow() - start);
        Assert.HasCount(1, reported);
    }

    [TestMethod]
    public void OtherErrors_AreFinal()
    {
        var sut = new RepeatWrites(new FakeTimeProvider(), Timeout.InfiniteTimeSpan);

        Assert.IsFalse(sut.Repeat(DiskFull with { Cause = new UnauthorizedAccessException() }, 1, CancellationToken.None));
    }

    [TestMethod]
    public void Closing_EndsTheWait()
    {
        using var stopping = new CancellationTokenSource();
        var sut = new RepeatWrites(new FakeTimeProvider(), Timeout.InfiniteTimeSpan);
        Task<bool> waiting = Task.Run(() => sut.Repeat(DiskFull, 1, stopping.Token));

        stopping.Cancel();

        Assert.IsTrue(waiting.Wait(TimeSpan.FromSeconds(30)));
        Assert.IsFalse(waiting.Result);
    }
}
