using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Sinks;

/// <summary>When the sink's thread commits, and how it keeps its callers waiting; on the model of a broker.</summary>
[TestClass]
public sealed class TransactionThreadTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [TestMethod]
    public async Task BatchesWithinTheInterval_AreOneTransaction()
    {
        var model = new TransactionModel(static _ => null);
        await using TransactionalSink sink = await Begun(model, new FakeTimeProvider());

        for (int number = 1; number <= 20; number++) await sink.WriteAsync(EmittedBatches.Of((1, number)), default);
        await sink.FlushAsync(default).WaitAsync(Deadline);

        Assert.HasCount(20, model.Samples);
        Assert.AreEqual(2, sink.Committed!.Commits);
    }

    [TestMethod]
    public async Task QuietFlow_IsCommittedByTheClock()
    {
        var clock = new FakeTimeProvider();
        await using TransactionalSink sink = await Begun(new TransactionModel(static _ => null), clock);

        await sink.WriteAsync(EmittedBatches.Of((1, 1)), default);

        await Eventually.Holds(
            () =>
            {
                clock.Advance(TransactionThread.Interval);
                return sink.Committed!.Commits == 2;
            },
            "the sample is committed");
    }

    [TestMethod]
    public async Task TimerThatComesEarly_IsSetAgain()
    {
        var clock = new FakeTimeProvider();
        var early = new EarlyTimers(clock, TimeSpan.FromMilliseconds(20));
        await using TransactionalSink sink = await Begun(new TransactionModel(static _ => null), early);

        await sink.WriteAsync(EmittedBatches.Of((1, 1)), default);

        await Eventually.Holds(() => early.Set == 1, "the timer is set");
        clock.Advance(TransactionThread.Interval - TimeSpan.FromMilliseconds(15));
        await Eventually.Holds(() => early.Set == 2, "it came early and is set again");
        Assert.AreEqual(1, sink.Committed!.Commits);
        await Eventually.Holds(
            () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(5));
                return sink.Committed!.Commits == 2;
            },
            "the sample is committed");
    }

    [TestMethod]
    public async Task TransactionOfTheMostBytes_IsCommittedAtOnce()
    {
        await using TransactionalSink sink = await Begun(new TransactionModel(static _ => null), new FakeTimeProvider());
        OutputBatch large = EmittedBatches.Of((1, 1));
        large.Room((int)TransactionThread.TransactionBytes);
        large.BytesUsed = (int)TransactionThread.TransactionBytes;

        await sink.WriteAsync(large, default);

        await Eventually.Holds(() => sink.Committed!.Commits == 2, "the transaction is committed without the clock");
    }

    [TestMethod]
    public async Task FlushBeforeTheStartIsCommitted_HasNothingToDo()
    {
        ConcurrentQueue<TransactionCall> calls = [];
        var model = new TransactionModel(call =>
        {
            calls.Enqueue(call);
            return null;
        });
        await using TransactionalSink sink = Sink(model, new FakeTimeProvider());
        await sink.OpenAsync(default);

        await sink.FlushAsync(default).WaitAsync(Deadline);

        CollectionAssert.AreEqual(new[] { TransactionCall.Init }, calls.ToArray());
    }

    [TestMethod]
    public async Task FullQueue_WaitsWithoutLosing()
    {
        using var commits = new HeldCommits();
        var model = new TransactionModel(commits.Pass);
        await using TransactionalSink sink = await Begun(model, new FakeTimeProvider());

        (Task waiting, int written) = await Fill(sink, commits);
        Task flush = Task.Run(async () =>
        {
            await waiting;
            await sink.FlushAsync(default);
        });
        await Eventually.StaysTrue(() => !waiting.IsCompleted, TimeSpan.FromMilliseconds(200), "a batch waits for room");
        commits.LetGo(null);
        await flush.WaitAsync(Deadline);

        Assert.HasCount(written, model.Samples);
    }

    [TestMethod]
    public async Task FailureOfTheThread_EndsWhatWaitsAndWhatComes()
    {
        using var commits = new HeldCommits();
        var clock = new FakeTimeProvider();
        await using TransactionalSink sink = await Begun(new TransactionModel(commits.Pass), clock);

        (Task waiting, _) = await Fill(sink, commits);
        commits.LetGo(TransactionFailure.Fenced);
        await Eventually.Holds(
            () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(100));
                return waiting.IsCompleted;
            },
            "the waiting batch is told");

        await Assert.ThrowsExactlyAsync<SinkFencedException>(() => waiting);
        await Assert.ThrowsExactlyAsync<SinkFencedException>(() => sink.FlushAsync(default).WaitAsync(Deadline));
        await Assert.ThrowsExactlyAsync<SinkFencedException>(async () => await sink.WriteAsync(EmittedBatches.Of((1, 1)), default));
    }

    [TestMethod]
    public async Task FailureOfTheThread_IsTold_ThoughNobodyCalls()
    {
        using var commits = new HeldCommits();
        var clock = new FakeTimeProvider();
        await using TransactionalSink sink = await Begun(new TransactionModel(commits.Pass), clock);
        commits.Hold();
        await sink.WriteAsync(EmittedBatches.Of((1, 1)), default);
        await Eventually.Holds(
            () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(100));
                return commits.Reached;
            },
            "the interval commits");
        Assert.IsFalse(sink.Completion.IsCompleted);

        commits.LetGo(TransactionFailure.Fenced);
        await Eventually.Holds(
            () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(100));
                return sink.Completion.IsCompleted;
            },
            "the failure is told");

        await Assert.ThrowsExactlyAsync<SinkFencedException>(() => sink.Completion);
    }

    [TestMethod]
    public async Task Disposal_EndsTheSinkInSuccess()
    {
        using var commits = new HeldCommits();
        TransactionalSink sink = await Begun(new TransactionModel(commits.Pass), new FakeTimeProvider());
        await sink.WriteAsync(EmittedBatches.Of((1, 1)), default);

        await sink.DisposeAsync();

        await sink.Completion.WaitAsync(Deadline);
    }

    /// <summary>Writes until a batch has to wait: the thread is in a commit that is held.</summary>
    private static async Task<(Task Waiting, int Written)> Fill(TransactionalSink sink, HeldCommits commits)
    {
        commits.Hold();
        await sink.WriteAsync(EmittedBatches.Of((1, 1)), default);
        _ = sink.FlushAsync(default).ContinueWith(static done => done.Exception, TaskScheduler.Default);
        await Eventually.Holds(() => commits.Reached, "the thread is in the commit");
        for (int number = 2; number < 1000; number++)
        {
            Task written = sink.WriteAsync(EmittedBatches.Of((1, number)), default).AsTask();
            if (!written.IsCompleted) return (written, number);
            await written;
        }
        throw new AssertFailedException("Nothing bounds the queue");
    }

    /// <summary>A clock whose timers come some time before they are due.</summary>
    private sealed class EarlyTimers(TimeProvider clock, TimeSpan by) : TimeProvider
    {
        private int _set;

        private TimeSpan By { get; } = by;

        /// <summary>How often a timer was set.</summary>
        public int Set => Volatile.Read(ref _set);

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override long GetTimestamp() => clock.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Early(this, clock.CreateTimer(callback, state, dueTime, period));

        private sealed class Early(EarlyTimers timers, ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                Interlocked.Increment(ref timers._set);
                return timer.Change(dueTime > timers.By ? dueTime - timers.By : dueTime, period);
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }

    /// <summary>A script that holds the thread in its commit until it is let go, to succeed or to fail.</summary>
    private sealed class HeldCommits : IDisposable
    {
        private readonly ManualResetEventSlim _go = new(true);
        private volatile bool _reached;
        private TransactionFailure? _failure;

        public bool Reached => _reached;

        public void Hold() => _go.Reset();

        public void LetGo(TransactionFailure? failure)
        {
            _failure = failure;
            _go.Set();
        }

        public TransactionFailure? Pass(TransactionCall call)
        {
            if (call != TransactionCall.Commit) return null;
            _reached = !_go.IsSet;
            _go.Wait(Deadline);
            return _failure;
        }

        public void Dispose() => _go.Dispose();
    }

    private static TransactionalSink Sink(TransactionModel model, TimeProvider clock) => new(
        new KafkaSinkOptions { Bootstrap = "model", Topic = "samples" },
        new SampleSinkSettings { Clock = clock, Lanes = 1, Job = "job", Delivery = DeliveryMode.ExactlyOnce },
        model, _ => model.Connect(), static () => Task.CompletedTask);

    private static async Task<TransactionalSink> Begun(TransactionModel model, TimeProvider clock)
    {
        TransactionalSink sink = Sink(model, clock);
        await sink.OpenAsync(default);
        await sink.ReadProgressAsync(default);
        await sink.BeginAsync(EmittedBatches.Start("me"), fresh: true, default).WaitAsync(Deadline);
        return sink;
    }
}
