using CsCheck;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Models;

namespace Pipeline.Tests.Sinks;

/// <summary>Every transactional call, failing in every way: what a read_committed reader sees in the end does not show it.</summary>
[TestClass]
public sealed class TransactionWriterTests
{
    private static readonly TransactionFailure[] Passing =
    [
        TransactionFailure.Retriable, TransactionFailure.RetriableDone, TransactionFailure.Abortable, TransactionFailure.TimedOut,
        TransactionFailure.UnknownDone, TransactionFailure.UnknownNotDone, TransactionFailure.UnknownDoneLater,
    ];

    public static IEnumerable<object[]> CallsAndFailures =>
        from call in Enum.GetValues<TransactionCall>()
        from failure in Failures(call)
        from occurrence in new[] { 1, 2, 3 }
        select new object[] { call, failure, occurrence };

    public static IEnumerable<object[]> Calls => Enum.GetValues<TransactionCall>().Where(static call => call is not (TransactionCall.Init or TransactionCall.Read)).Select(static call => new object[] { call });

    [TestMethod]
    [DynamicData(nameof(CallsAndFailures))]
    public void FailedCall_LeavesEachSampleCommittedOnceAndInOrder(TransactionCall call, TransactionFailure failure, int occurrence)
    {
        var script = new Script();
        // Without them there would be no such call to fail.
        if (call == TransactionCall.Abort) script.Each(TransactionCall.Samples, TransactionFailure.Abortable, 1, 3, 5);
        if (call is TransactionCall.Init or TransactionCall.Read) script.Each(TransactionCall.Commit, TransactionFailure.UnknownDone, 1, 3, 5);
        script.Each(call, failure, occurrence);
        using var rig = new TransactionRig(script.Next);

        Run(rig);

        rig.AssertCommittedOnce();
        Assert.IsTrue(script.AllFailed, $"{call} was not called {occurrence} times");
        Assert.AreEqual(1, rig.Model.Alive);
        Assert.AreEqual(rig.Log.Count(static message => message.Contains("It is repeated", StringComparison.Ordinal)), rig.Log.Count(static message => message.Contains("goes on after", StringComparison.Ordinal)));
    }

    [TestMethod]
    [DynamicData(nameof(Calls))]
    public void FencedAtACall_CommitsNothingMoreAndSaysWhoTookOver(TransactionCall call)
    {
        for (int occurrence = 1; occurrence <= 3; occurrence++)
        {
            var script = new Script();
            if (call == TransactionCall.Abort) script.Each(TransactionCall.Samples, TransactionFailure.Abortable, 1, 3, 5);
            script.Each(call, TransactionFailure.Fenced, occurrence);
            using var rig = new TransactionRig(script.Next);

            SinkFencedException fenced = Assert.ThrowsExactly<SinkFencedException>(() => Run(rig));

            Assert.Contains("instance other has taken over from me", fenced.Message);
            Assert.AreEqual(0, rig.Model.CommitsOfTheFenced);
            Assert.AreEqual("other", rig.Model.Read()!.Owner);
            Assert.AreEqual(0, rig.Model.Alive);
        }
    }

    /// <summary>Commits fail until the limit; each failure is of the class that would be repeated for ever.</summary>
    [TestMethod]
    [DataRow(TransactionFailure.Retriable)]
    [DataRow(TransactionFailure.Abortable)]
    [DataRow(TransactionFailure.UnknownNotDone)]
    public void FailingPastTheLimit_IsUnavailable_WithOneMessage(TransactionFailure failure)
    {
        bool away = false;
        using var rig = new TransactionRig(call => away && call == TransactionCall.Commit ? failure : null, TimeSpan.FromMinutes(1));
        rig.Start();
        away = true;
        long began = rig.Clock.GetTimestamp();
        rig.Write(1);

        SinkUnavailableException thrown = Assert.ThrowsExactly<SinkUnavailableException>(rig.Writer.Commit);

        Assert.IsTrue(thrown.Broker);
        Assert.IsTrue(rig.Clock.GetElapsedTime(began) is { TotalSeconds: >= 60 and < 66 });
        Assert.HasCount(1, rig.Log);
        Assert.IsEmpty(rig.Model.Samples);
    }

    [TestMethod]
    public void NoAnswerAtTheStart_IsUnavailableAfterItsOwnLimit()
    {
        using var rig = new TransactionRig(static call => call == TransactionCall.Init ? TransactionFailure.Retriable : null);

        SinkUnavailableException thrown = Assert.ThrowsExactly<SinkUnavailableException>(rig.Start);

        Assert.IsTrue(thrown.Broker);
    }

    [TestMethod]
    public void ProgressThatIsGone_IsRefusedRatherThanBegunAnew()
    {
        var script = new Script();
        script.Each(TransactionCall.Commit, TransactionFailure.UnknownNotDone, 2);
        var settings = new TransactionRig(static _ => null).Settings;
        var model = new TransactionModel(script.Next);
        using var writer = new TransactionWriter("Topic samples", new SinkOutage("Topic samples", settings), model.Connect, new NoProgress(), static (_, _) => { });
        writer.Connect(TimeSpan.FromMinutes(1), default);
        writer.Begin(null, EmittedBatches.Start("me"));
        writer.Write(EmittedBatches.Of((1, 1)));

        SinkRefusedException refused = Assert.ThrowsExactly<SinkRefusedException>(writer.Commit);

        Assert.Contains("expected the progress of commit 1, found none", refused.Message);
    }

    [TestMethod]
    public void AnySequenceOfFailures_LeavesEachSampleCommittedOnceAndInOrder()
    {
        Gen<(int Gap, TransactionFailure Failure)> fault = Gen.Select(Gen.Int[0, 9], Gen.Int[0, Passing.Length].Select(static at => at < Passing.Length ? Passing[at] : TransactionFailure.QueueFull));
        Gen<int[][][]> transactions = Gen.Int[0, 3].Array[1, 5].Array[1, 4].Array[1, 6];
        Gen.Select(fault.Array[0, 25], transactions).Sample(
            (faults, written) =>
            {
                using var rig = new TransactionRig(new Sequence(faults).Next);
                rig.Start();
                foreach (int[][] batches in written)
                {
                    foreach (int[] groups in batches) rig.Write(groups);
                    rig.Writer.Commit();
                }
                rig.AssertCommittedOnce();
            },
            iter: Iterations.Of(3_000));
    }

    private static IEnumerable<TransactionFailure> Failures(TransactionCall call) => call switch
    {
        TransactionCall.Read => [TransactionFailure.Retriable],
        TransactionCall.Samples or TransactionCall.ProgressRecord => [.. Passing.Where(CanProduceFail), TransactionFailure.QueueFull],
        _ => Passing,
    };

    /// <summary>Producing only queues: it fails with the transaction's state, or finds no room.</summary>
    private static bool CanProduceFail(TransactionFailure failure) => failure is TransactionFailure.Abortable or TransactionFailure.TimedOut or TransactionFailure.UnknownNotDone;

    private static void Run(TransactionRig rig)
    {
        rig.Start();
        for (int transaction = 0; transaction < 4; transaction++)
        {
            rig.Write(1, 2, 1);
            rig.Write(2, 9);
            rig.Writer.Commit();
        }
    }

    /// <summary>Lets the n-th of a kind of call fail.</summary>
    private sealed class Script
    {
        private readonly Dictionary<(TransactionCall, int), TransactionFailure> _failures = [];
        private readonly Dictionary<TransactionCall, int> _calls = [];

        public bool AllFailed => _failures.Count == 0;

        public void Each(TransactionCall call, TransactionFailure failure, params int[] occurrences)
        {
            foreach (int occurrence in occurrences) _failures[(call, occurrence)] = failure;
        }

        public TransactionFailure? Next(TransactionCall call)
        {
            int occurrence = _calls[call] = _calls.GetValueOrDefault(call) + 1;
            return _failures.Remove((call, occurrence), out TransactionFailure failure) ? failure : null;
        }
    }

    /// <summary>Lets calls of any kind fail, so many calls after the one before.</summary>
    private sealed class Sequence((int Gap, TransactionFailure Failure)[] faults)
    {
        private int _next;
        private int _passed;

        public TransactionFailure? Next(TransactionCall call)
        {
            if (_next == faults.Length || _passed++ < faults[_next].Gap) return null;
            TransactionFailure failure = faults[_next++].Failure;
            _passed = 0;
            bool producing = call is TransactionCall.Samples or TransactionCall.ProgressRecord;
            if (call == TransactionCall.Read) return TransactionFailure.Retriable;
            if (failure == TransactionFailure.QueueFull) return producing ? failure : null;
            return producing && !CanProduceFail(failure) ? TransactionFailure.Abortable : failure;
        }
    }

    private sealed class NoProgress : IProgressReader
    {
        public Progress? Read(CancellationToken stop) => null;
    }
}
