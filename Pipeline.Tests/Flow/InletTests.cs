using System.Threading.Tasks.Dataflow;
using Pipeline.Blocks.Flow;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Flow;

[TestClass]
public sealed class InletTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [TestMethod]
    public async Task SenderBeforeAFullBlock_GoesOnWhenHalfOfItIsEmpty()
    {
        using var allowed = new SemaphoreSlim(0);
        Inlet<int> inlet = null!;
        int taken = 0;
        var block = new ActionBlock<int>(
            async _ =>
            {
                inlet.Took();
                Interlocked.Increment(ref taken);
                await allowed.WaitAsync();
            },
            Links.Bounded(8));
        inlet = new Inlet<int>(block, () => block.InputCount, 8);
        for (int message = 0; message < 8; message++) await inlet.Deliver(message);

        Task waiting = inlet.Deliver(8).AsTask();
        await Eventually.Holds(() => Volatile.Read(ref taken) == 1, "the block works on the first");
        allowed.Release(2);
        await Eventually.Holds(() => Volatile.Read(ref taken) == 3, "it works on the third");
        await Eventually.StaysTrue(() => !waiting.IsCompleted, TimeSpan.FromMilliseconds(100), "five wait: more than half");
        allowed.Release();

        await waiting.WaitAsync(Deadline);
        Assert.AreEqual(4, taken);
        allowed.Release(100);
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(2, 1)]
    [DataRow(3, 1)]
    [DataRow(8, 1)]
    [DataRow(2, 2)]
    [DataRow(8, 3)]
    public async Task AnySenders_HaveTheirMessagesTaken_EachInItsOrder(int capacity, int workers)
    {
        const int Senders = 4, Messages = 20_000;
        Inlet<(int Sender, int Number)> inlet = null!;
        var block = new TransformBlock<(int Sender, int Number), (int Sender, int Number)>(static message => message, Links.Bounded(capacity, workers));
        inlet = new Inlet<(int, int)>(block, () => block.InputCount + block.OutputCount, Math.Max(capacity, workers), workers);
        int[] next = new int[Senders];
        var sink = new ActionBlock<(int Sender, int Number)>(
            message =>
            {
                inlet.Took();
                Assert.AreEqual(next[message.Sender]++, message.Number);
            },
            Links.Bounded(capacity));
        block.Then(sink);

        Task[] sending = [.. Enumerable.Range(0, Senders).Select(sender => Task.Run(async () =>
        {
            for (int number = 0; number < Messages; number++) await inlet.Deliver((sender, number));
        }))];
        await Task.WhenAll(sending).WaitAsync(Deadline);
        block.Complete();
        await sink.Completion.WaitAsync(Deadline);

        CollectionAssert.AreEqual(Enumerable.Repeat(Messages, Senders).ToArray(), next);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(8)]
    public async Task BlockThatFails_LetsItsSendersGo_WithItsCause(int capacity)
    {
        using var allowed = new SemaphoreSlim(0);
        var block = new ActionBlock<int>(_ => allowed.WaitAsync(), Links.Bounded(capacity));
        var inlet = new Inlet<int>(block, () => block.InputCount, capacity);
        for (int message = 0; message < capacity; message++) await inlet.Deliver(message);
        Task[] waiting = [.. Enumerable.Range(0, 3).Select(message => inlet.Deliver(message).AsTask())];

        ((IDataflowBlock)block).Fault(new IOException("gone"));
        allowed.Release(100);

        foreach (Task sender in waiting) await Assert.ThrowsExactlyAsync<IOException>(() => sender.WaitAsync(Deadline));
        await Assert.ThrowsExactlyAsync<IOException>(() => inlet.Deliver(9).AsTask().WaitAsync(Deadline));
    }
}
