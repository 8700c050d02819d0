using System.Threading.Tasks.Dataflow;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;
using Pipeline.Blocks.Telemetry;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Sources;

/// <summary>The poll loop over a reader that a test plays; nothing is asked of a broker.</summary>
[TestClass]
public sealed class KafkaPollLoopTests : IDisposable
{
    private readonly PartitionDirectory _directory = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_750_000_000));
    private readonly CancellationTokenSource _stop = new();
    private readonly BufferBlock<RecordBatch> _intake = new(new DataflowBlockOptions { BoundedCapacity = 1 });
    private readonly KafkaWatch _watch;
    private readonly KafkaPartition _partition;
    private readonly KafkaOutage _outage;

    public KafkaPollLoopTests()
    {
        _watch = new KafkaWatch(new KafkaSourceOptions { Bootstrap = "", Topics = ["clicks"] }, _clock, null!, TimeSpan.FromSeconds(30));
        _outage = new KafkaOutage("127.0.0.1:9092", NullLogger.Instance, _clock, TimeSpan.FromMinutes(1));
        _partition = new KafkaPartition(_directory.Register("clicks", 0, [0], hasTimestamps: true), 0);
    }

    public void Dispose() => _stop.Dispose();

    [TestMethod]
    public async Task AnswersWhileTheIntakeStandsStill_DoNotPileUp()
    {
        for (int asked = 0; asked < 200; asked++) _watch.Ends.Enqueue((_partition, asked, 0));
        var reader = new Reader(receiver =>
        {
            receiver.OnEnd("clicks", 0, 0);
            _stop.Cancel();
        });

        Task run = Run(reader, new TaskCompletionSource().Task);
        await Eventually.Holds(() => _watch.Ends.IsEmpty, "all answers are taken");
        int notices = 0;
        while (!run.IsCompleted || _intake.Count > 0)
            if (_intake.TryReceive(out RecordBatch? batch) && batch.Notice == PartitionNotice.CaughtUp) notices++;
        await run;

        Assert.IsInRange(1, KafkaPollLoop.StashBatches, notices);
    }

    [TestMethod]
    public async Task WatchThatWasCancelledUnasked_EndsTheRun()
    {
        Task run = Run(new Reader(static _ => { }), Task.FromCanceled(new CancellationToken(canceled: true)));

        InvalidOperationException thrown = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => run.WaitAsync(TimeSpan.FromSeconds(30)));

        Assert.Contains("no longer asked", thrown.Message);
    }

    [TestMethod]
    public async Task BrokersAwayPastTheLimit_EndTheRun_AndThoseThatCameBackDoNot()
    {
        int polls = 0;
        var reader = new Reader(_ =>
        {
            switch (++polls)
            {
                case 1 or 4:
                    _outage.Begin(new Error(ErrorCode.Local_AllBrokersDown, "all down"));
                    break;
                case 2:
                    _clock.Advance(TimeSpan.FromSeconds(59));
                    break;
                case 3:
                    _outage.End(_outage.Failures);
                    _clock.Advance(TimeSpan.FromMinutes(5));
                    break;
                case 5:
                    _clock.Advance(TimeSpan.FromMinutes(1));
                    break;
            }
        });

        BrokerUnavailableException thrown = await Assert.ThrowsExactlyAsync<BrokerUnavailableException>(
            () => Run(reader, new TaskCompletionSource().Task).WaitAsync(TimeSpan.FromSeconds(30)));

        Assert.AreEqual(5, polls);
        Assert.AreEqual("No broker of 127.0.0.1:9092 answered for 60 s: all down", thrown.Message);
    }

    /// <summary>A record a second, a batch of 100: until two looks have told the pace, one batch is in flight; then as many as the drift allows, 60 s.</summary>
    [TestMethod]
    public async Task ThinStream_IsReadOneBatchAhead_UntilItsPaceIsKnown_ThenByTheDrift()
    {
        SourcePartition slow = _directory.Register("exposures", 0, [0], hasTimestamps: true);
        var paused = new List<long>();
        long offset = 0;
        var reader = new Reader(receiver =>
        {
            // The partition block has seen everything up to 0, then 1,000, then 2,000 records.
            for (int i = 0; i < 50; i++) receiver.OnRecord("clicks", 0, offset++, 0, "x"u8, isNull: false);
            while (_intake.TryReceive(out _)) ;
            if (offset == 2_000) _stop.Cancel();
            if (offset % 1_000 != 0) return;
            slow.MaxEventTime = _partition.Partition.MaxEventTime = 1_750_000_000_000 + offset * 1000;
            _partition.Partition.Position = offset;
            _clock.Advance(TimeSpan.FromMilliseconds(51));
        })
        { Paused = () => paused.Add(offset) };

        await Run(reader, new TaskCompletionSource().Task).WaitAsync(TimeSpan.FromSeconds(30));

        CollectionAssert.AreEqual(new[] { 100L, 1_100L }, paused);
        Assert.AreEqual(1_750_000_000_000 + 2_000_000, _partition.TimeReadTo());
    }

    /// <summary>Five thousand aborted records, or a marker, are passed over at the end of a partition whose pace nobody knows: what was told is not in flight.</summary>
    [TestMethod]
    public async Task RecordsPassedOverAtTheEnd_AreTold_AndThePartitionIsReadOn()
    {
        int polls = 0;
        var reader = new Reader(receiver =>
        {
            if (polls++ == 0) receiver.OnEnd("clicks", 0, 5_000);
            while (_intake.TryReceive(out RecordBatch? batch)) _partition.Partition.Position = batch.PositionAfter;
            _clock.Advance(TimeSpan.FromMilliseconds(11));
            if (polls > 3 && !_partition.Paused) _stop.Cancel();
        });

        await Run(reader, new TaskCompletionSource().Task).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.AreEqual(5_000, _partition.Partition.Position);
    }

    /// <summary>Records that are all refused have no times: nothing is learnt of their pace, and they are not read batch by batch for ever.</summary>
    [TestMethod]
    public void PartitionWithoutTimes_GoesOn_OnceEnoughHasBeenRefused()
    {
        var sut = new KafkaPartition(_directory.Register("refused", 0, [0], hasTimestamps: true), 0) { Position = 1_999 };
        Assert.IsFalse(sut.MayGoOn(100));
        sut.Partition.Position = 1_950;
        Assert.IsTrue(sut.MayGoOn(100));

        (sut.Partition.Position, sut.Position) = (2_000, 9_000);
        Assert.IsTrue(sut.MayGoOn(100));
        sut.Partition.MaxEventTime = 1_750_000_000_000;
        Assert.IsFalse(sut.MayGoOn(100), "it has times now, and no pace yet");
    }

    [TestMethod]
    public async Task WorkOfThePollThread_IsBusy_AndItsWaitsAreNot()
    {
        var time = new StageClock("source", _clock);
        int polls = 0;
        var reader = new Reader(receiver =>
        {
            receiver.BeginWait();
            _clock.Advance(TimeSpan.FromSeconds(3));
            receiver.EndWait();
            _clock.Advance(TimeSpan.FromSeconds(1));
            receiver.OnRecord("clicks", 0, polls, 0, "{}"u8, isNull: false);
            if (++polls == 5) _stop.Cancel();
        });

        Task run = Run(reader, new TaskCompletionSource().Task, time);
        while (!run.IsCompleted || _intake.Count > 0) _intake.TryReceive(out _);
        await run;
        _clock.Advance(TimeSpan.FromSeconds(10));

        StageTimes times = time.Read();
        Assert.AreEqual((30.0, 5.0, 25.0), (times.Wall, times.Busy, times.Idle));
        Assert.AreEqual(5, times.Items);
    }

    [TestMethod]
    public async Task PollThreadThatWaitsForRoom_IsNotBusy()
    {
        var time = new StageClock("source", _clock);
        int next = 0;
        // A batch older than its limit at each poll, until no more may wait for the intake.
        Task run = Run(new Reader(receiver =>
        {
            receiver.OnRecord("clicks", 0, next++, 0, "{}"u8, isNull: false);
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }), new TaskCompletionSource().Task, time);
        await Eventually.Holds(() => next >= KafkaPollLoop.StashBatches && time.Occupied == 0, "it waits for room");
        double before = time.Read().Busy;

        await Eventually.StaysTrue(() => Volatile.Read(ref next) <= KafkaPollLoop.StashBatches + 1, TimeSpan.FromMilliseconds(100), "nothing is read");

        Assert.AreEqual(next / 10.0, time.Read().Busy, 1e-9);
        Assert.AreEqual(before, time.Read().Busy);
        await _stop.CancelAsync();
        while (!run.IsCompleted || _intake.Count > 0) _intake.TryReceive(out _);
        await run;
    }

    /// <summary>The first goes after 20 ms and waits, for the intake has no room; while it does the second may grow five times as old.</summary>
    [TestMethod]
    public async Task BatchBehindOthers_MayGrowOlder()
    {
        long began = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        int[] passes = [20, 99, 1, 50];
        int polls = 0;
        Task run = Run(new Reader(receiver =>
        {
            if (polls < 2) receiver.OnRecord("clicks", 0, polls, 0, "{}"u8, isNull: false);
            _clock.Advance(TimeSpan.FromMilliseconds(passes[polls]));
            if (++polls == passes.Length) _stop.Cancel();
        }), new TaskCompletionSource().Task);
        await Eventually.Holds(() => Volatile.Read(ref polls) == passes.Length, "all is read");
        var handedOver = new List<long>();

        while (!run.IsCompleted || _intake.Count > 0)
            if (_intake.TryReceive(out RecordBatch? batch) && batch.RecordCount > 0) handedOver.Add(batch.At - began);
        await run;

        CollectionAssert.AreEqual(new long[] { 20, 120 }, handedOver);
    }

    [TestMethod]
    public async Task ThreadThatFails_IsBusyNoMore()
    {
        var time = new StageClock("source", _clock);

        await Assert.ThrowsExactlyAsync<IOException>(() => Run(new Reader(static _ => throw new IOException("gone")), new TaskCompletionSource().Task, time));

        Assert.AreEqual(0, time.Occupied);
    }

    private Task Run(IKafkaReader reader, Task watching, StageClock? time = null)
    {
        var context = new SourceContext
        {
            Directory = _directory,
            Pool = new RecordBatchPool(),
            Gate = new ReadGate(_directory, 60_000),
            Clock = _clock,
            Streams = [0],
            BatchRecords = 100,
            Time = time,
        };
        return Task.Run(() => new KafkaPollLoop(context, reader, _watch, new BatchOutbox(_intake), _outage).Run([_partition], watching, _stop.Token));
    }

    private sealed class Reader(Action<IKafkaReceiver> poll) : IKafkaReader
    {
        public void Assign(IReadOnlyList<TopicPartitionOffset> partitions)
        {
        }

        public bool KeepsWhatIsPaused => true;

        public Action Paused { get; init; } = static () => { };

        public void Pause(TopicPartition partition) => Paused();

        public void Resume(TopicPartition partition)
        {
        }

        public void Leave(TopicPartition partition)
        {
        }

        public void Poll(TimeSpan timeout, int most, IKafkaReceiver receiver) => poll(receiver);
    }
}
