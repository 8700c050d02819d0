using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Checkpoints;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Tests.Configuration;

namespace Pipeline.Tests.Checkpoints;

/// <summary>Which start follows from what is in the state directory and what is committed; what is refused names its remedy.</summary>
[TestClass]
public sealed class StartPlannerTests
{
    private const string Origin = "the first start";
    private static readonly JobOptions Job = Load(JobText.Small);

    [TestMethod]
    public void NothingAnywhere_BeginsFresh_AndDiscardsNothing()
    {
        StartPlan plan = Decide([], null);

        Assert.AreEqual((StartKind.Fresh, false), (plan.Kind, plan.DiscardsOutput));
    }

    [TestMethod]
    public void Checkpoints_TheNewestIsRestored()
    {
        StartPlan plan = Decide([Manifest(3, commits: 7), Manifest(2, commits: 5)], Progress(commits: 9));

        Assert.AreEqual((StartKind.Restore, 3L, 9L, false), (plan.Kind, plan.Manifest!.Id, plan.Progress!.Commits, plan.DiscardsOutput));
    }

    [TestMethod]
    public void From_RestoresTheNamedOne_AndNothingElse()
    {
        CheckpointManifest[] usable = [Manifest(3, commits: 7), Manifest(2, commits: 5)];

        Assert.AreEqual(2, Decide(usable, Progress(9), new StartRequest { From = 2 }).Manifest!.Id);
        Refused(usable, Progress(9), new StartRequest { From = 1 }, "--from 1", "usable: 3, 2");
    }

    [TestMethod]
    public void ProgressWithoutACheckpoint_IsALostState() => Refused([], Progress(4), new StartRequest(), "no checkpoint", "--rebuild", "--from-scratch");

    [TestMethod]
    public void OnlyDamagedCheckpoints_AreRefusedWithEveryReason_WhetherOrNotAnythingIsCommitted()
    {
        foreach (Progress? progress in new[] { null, Progress(4) })
        {
            StateRefusedException refused = Assert.ThrowsExactly<StateRefusedException>(
                () => new StartPlanner(Job, new StartRequest(), exactlyOnce: true).Decide([], ["checkpoint 2: torn", "checkpoint 1: gone"], progress));
            foreach (string part in new[] { "checkpoint 2: torn", "checkpoint 1: gone", "--from-scratch" }) StringAssert.Contains(refused.Message, part);
        }
    }

    [TestMethod]
    public void Rebuild_NeedsProgress_MadeWithTheseSettings()
    {
        var rebuild = new StartRequest { Rebuild = true };

        Assert.AreEqual(StartKind.Rebuild, Decide([Manifest(1)], Progress(4), rebuild).Kind);
        Refused([], null, rebuild, "nothing is committed");
        Refused([], Progress(4) with { SettingsHash = "00" }, rebuild, "other settings");
        Refused([], Progress(4) with { SettingsHash = RunOrigins.MixedSettings }, rebuild, "other settings");
    }

    [TestMethod]
    public void Finished_IsRefused_AlsoByName()
    {
        CheckpointManifest finished = Manifest(2, commits: 4) with { Finished = true };

        Refused([finished], Progress(4), new StartRequest(), "finished", "--from-scratch");
        Refused([finished], Progress(4), new StartRequest { From = 2 }, "finished");
    }

    [TestMethod]
    public void FromScratch_DiscardsWhateverIsThere()
    {
        StartPlan plan = Decide([Manifest(2) with { Finished = true }], Progress(4), new StartRequest { FromScratch = true });

        Assert.AreEqual((StartKind.Fresh, true, "somebody"), (plan.Kind, plan.DiscardsOutput, plan.Discards));
        Assert.IsNull(plan.Progress);
    }

    /// <summary>It died between its first checkpoint and its first commit: what is committed is still what it was to discard.</summary>
    [TestMethod]
    public void CrashWhileDiscarding_DiscardsOnTheNextStart()
    {
        StartPlan plan = Decide([Manifest(1) with { Origin = "another start", Discards = "somebody" }], Progress(4));

        Assert.AreEqual((StartKind.Restore, true, "somebody"), (plan.Kind, plan.DiscardsOutput, plan.Discards));
        Assert.IsNull(plan.Progress);
    }

    /// <summary>Worked example: two begin a job at once, each with a state directory of its own; the second fences the first before its first commit and goes on alone.</summary>
    [TestMethod]
    public void CheckpointBeforeTheFirstCommit_DiscardsNobodyElsesProgress()
    {
        Refused([Manifest(1) with { Origin = "another start" }], Progress(4), new StartRequest(), "another start", Origin, "--rebuild");
        Refused([Manifest(1) with { Origin = "another start", Discards = "one before" }], Progress(4), new StartRequest(), "another start", Origin);
    }

    [TestMethod]
    public void ProgressBehindTheCheckpoint_IsRefused()
    {
        Refused([Manifest(2, commits: 5)], Progress(4), new StartRequest(), "counts on 5 commits", "has 4");
        Refused([Manifest(2, commits: 4) with { Points = [Point(time: 10)] }], Progress(4), new StartRequest(), "committed samples were lost");
        Refused([Manifest(2, commits: 5)], null, new StartRequest(), "counts on 5 commits", "none");
    }

    [TestMethod]
    public void LostProgress_IsRefusedAlsoFromACheckpointBeforeTheFirstCommit() =>
        Refused([Manifest(2, commits: 5), Manifest(1)], null, new StartRequest { From = 1 }, "counts on 5 commits");

    [TestMethod]
    public void AtLeastOnce_AsksForNoProgress()
    {
        StartPlan plan = new StartPlanner(Job, new StartRequest(), exactlyOnce: false).Decide([Manifest(2, commits: 5)], [], null);

        Assert.AreEqual((StartKind.Restore, false), (plan.Kind, plan.DiscardsOutput));
    }

    [TestMethod]
    public void OtherContract_IsRefused() => Refused([Manifest(1, commits: 1)], Progress(1) with { Contract = 2 }, new StartRequest(), "contract version 2", "--from-scratch");

    [TestMethod]
    public void OtherSettings_AreAcceptedBehindACleanStopOnly()
    {
        CheckpointManifest old = Manifest(2, commits: 4) with { SettingsHash = "00", Settings = Text(Job).Replace("\"10s\"", "\"1s\"", StringComparison.Ordinal) };

        Assert.IsTrue(Decide([old with { CleanStop = true }], Progress(4)).SettingsChanged);
        Refused([old], Progress(4), new StartRequest(), "other settings", "out_of_orderness: \"1s\", now \"10s\"");
        Refused([old with { CleanStop = true }], Progress(5) with { Points = ManifestPoint.ToPoints([Point(time: 10)]) }, new StartRequest(), "other settings");
    }

    [TestMethod]
    public void WhatOpenWindowsWereMadeWith_MustBeTheSame()
    {
        CheckpointManifest was = Manifest(2, commits: 4) with { CleanStop = true };

        Differs(was with { WindowMs = 60_000 }, "a window of 00:01:00");
        Differs(was with { Anchor = WindowAnchor.First }, "anchor first, now exposure");
        Differs(was with { KeepsLetters = true }, "a dead_letter, now none");
        Differs(was with { Job = "other" }, "job other, now small");
        Differs(was with { Streams = [new ManifestStream("exposure", StreamRole.Action), new ManifestStream("click", StreamRole.Exposure)] }, "exposure (action)");
        Differs(was with { Settings = Text(Job).Replace("\"format\":\"json\"", "\"format\":\"csv\"", StringComparison.Ordinal) }, "stream exposure with format \"csv\", now \"json\"");
        Differs(was with { Settings = Text(Job).Replace("[\"user_id\",\"item_id\"]", "[\"user_id\"]", StringComparison.Ordinal) }, "stream exposure with 1 key fields, now 2");
    }

    private static void Differs(CheckpointManifest was, string difference) => Refused([was], Progress(4), new StartRequest(), difference, "Restore that setting");

    private static StartPlan Decide(CheckpointManifest[] usable, Progress? progress, StartRequest? request = null) =>
        new StartPlanner(Job, request ?? new StartRequest(), exactlyOnce: true).Decide(usable, [], progress);

    private static void Refused(CheckpointManifest[] usable, Progress? progress, StartRequest request, params string[] parts)
    {
        StateRefusedException refused = Assert.ThrowsExactly<StateRefusedException>(() => Decide(usable, progress, request));
        foreach (string part in parts) StringAssert.Contains(refused.Message, part);
    }

    private static CheckpointManifest Manifest(long id, long commits = 0) => CheckpointFixture.Manifest(id, []) with
    {
        Job = Job.Job,
        SettingsHash = SettingsHash.Of(Job),
        Settings = Text(Job),
        Origin = Origin,
        CleanStop = false,
        WindowMs = (long)Job.Window.Length.TotalMilliseconds,
        Anchor = Job.Window.Anchor,
        KeepsLetters = false,
        Points = [],
        Commits = commits,
    };

    private static Progress Progress(long commits) => new()
    {
        Contract = SettingsHash.ContractVersion,
        SettingsHash = SettingsHash.Of(Job),
        Owner = "somebody",
        Origin = Origin,
        Starts = [],
        Commits = commits,
    };

    private static ManifestPoint Point(long time) => new(5, time, $"{1:x16}{5:x16}", 1, 0);

    private static string Text(JobOptions job) => System.Text.Encoding.UTF8.GetString(SettingsHash.Text(job));

    private static JobOptions Load(string text)
    {
        using var job = new JobText();
        return job.LoadSound(text);
    }
}
