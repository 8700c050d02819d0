using Pipeline.Blocks.Sinks;

namespace Pipeline.Tests.Sinks;

[TestClass]
public sealed class DiskThreadTests
{
    [TestMethod]
    public async Task CallsAreMadeInOrder_OnOneThread_AndTellWhatBecameOfThem()
    {
        var sut = new DiskThread("disk");
        var made = new List<(int Call, int Thread)>();
        Task[] calls = [.. Enumerable.Range(0, 50).Select(call => sut.RunAsync(() => made.Add((call, Environment.CurrentManagedThreadId))))];
        await Assert.ThrowsExactlyAsync<IOException>(() => sut.RunAsync(static () => throw new IOException("disk")));
        await Task.WhenAll(calls);

        CollectionAssert.AreEqual(Enumerable.Range(0, 50).ToArray(), made.ConvertAll(static one => one.Call));
        Assert.HasCount(1, made.DistinctBy(static one => one.Thread));
        Assert.IsTrue(sut.End());
    }

    [TestMethod]
    public async Task AtTheEnd_TheCallUnderWayIsWaitedFor_AndWhatWaitsBehindItFails()
    {
        var sut = new DiskThread("disk");
        using var began = new ManualResetEventSlim();
        using var mayEnd = new ManualResetEventSlim();
        Task underWay = sut.RunAsync(() =>
        {
            began.Set();
            mayEnd.Wait();
        });
        began.Wait();
        bool wasMade = false;
        Task behind = sut.RunAsync(() => wasMade = true);
        Task<bool> end = Task.Run(sut.End);
        // Only the end lets nothing more in.
        await Fakes.Eventually.Holds(() => Refuses(sut), "the thread is ending");
        mayEnd.Set();

        Assert.IsTrue(await end);
        await underWay;
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => behind);
        Assert.IsFalse(wasMade);
    }

    private static bool Refuses(DiskThread thread)
    {
        try
        {
            _ = thread.RunAsync(static () => { });
            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }
}
