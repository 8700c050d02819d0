using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;
using Pipeline.Hosting;

namespace Pipeline.Checkpoints;

/// <summary>Decides how a run begins, from what is in the state directory and what is committed; or refuses, naming the remedy.</summary>
/// <remarks>Changes nothing. Errors: <see cref="StateRefusedException"/>.</remarks>
/// <param name="job">The job.</param>
/// <param name="request">What the operator asks.</param>
/// <param name="exactlyOnce">Whether the sink commits progress.</param>
internal sealed class StartPlanner(JobOptions job, StartRequest request, bool exactlyOnce)
{
    private const string Remedies =
        "to replay from the start positions that the progress keeps, say --rebuild; to discard state and progress, say --from-scratch (samples may repeat)";

    private readonly string _hash = SettingsHash.Of(job);

    /// <summary>Decides.</summary>
    /// <param name="usable">Checkpoints that were found whole, newest first.</param>
    /// <param name="rejected">What is wrong with the others, a line each.</param>
    /// <param name="progress">What is committed; null: nothing ever was.</param>
    public StartPlan Decide(IReadOnlyList<CheckpointManifest> usable, IReadOnlyList<string> rejected, Progress? progress)
    {
        if (request.FromScratch) return new StartPlan(StartKind.Fresh, null, null) { DiscardsOutput = true, Discards = progress?.Owner };
        CheckpointManifest? chosen = request.Rebuild ? null : request.From is { } id ? Named(usable, rejected, id) : usable.Count > 0 ? usable[0] : null;
        if (chosen is not null && progress is not null && IsDiscardedBy(chosen, progress))
            return Restore(chosen, usable, null) with { DiscardsOutput = true, Discards = progress.Owner };
        RefuseOtherContract(progress);
        if (request.Rebuild) return Rebuild(progress);
        if (chosen is not null) return Restore(chosen, usable, progress);
        if (rejected.Count > 0)
            throw new StateRefusedException($"{job.State.Dir}: no checkpoint is usable: {string.Join("; ", rejected)}. {(progress is null ? "To begin anew, say --from-scratch (samples may repeat)" : Upper(Remedies))}.");
        return progress is null
            ? new StartPlan(StartKind.Fresh, null, null)
            : throw new StateRefusedException($"{job.State.Dir}: samples of job {job.Job} are committed, but there is no checkpoint to go on from. {Upper(Remedies)}.");
    }

    /// <summary>
    /// A start that discards progress writes its first checkpoint, then overwrites the progress. Between the two it died: what is committed is what it was to
    /// discard. Progress of anybody else, who came after it, say, is not.
    /// </summary>
    private static bool IsDiscardedBy(CheckpointManifest manifest, Progress progress) => manifest.Discards == progress.Owner;

    private StartPlan Restore(CheckpointManifest manifest, IReadOnlyList<CheckpointManifest> usable, Progress? progress)
    {
        RefuseFinished(manifest);
        RefuseOtherLayout(manifest);
        RefuseBehind(manifest, usable, progress);
        bool changed = manifest.SettingsHash != _hash;
        if (changed && (!manifest.CleanStop || IsAhead(progress, manifest)))
            throw new StateRefusedException(
                $"{Where(manifest)} was taken with other settings ({SettingsDifference.Between(manifest.Settings, Text())}), and samples behind it are committed or were under way, "
                + "so that a replay would contradict them. Run the job once more with the old settings and stop it by a signal; then the new ones are accepted. "
                + "Or discard state and progress with --from-scratch (samples may repeat).");
        return new StartPlan(StartKind.Restore, manifest, progress) { SettingsChanged = changed };
    }

    private StartPlan Rebuild(Progress? progress)
    {
        if (progress is null) throw new StateRefusedException($"--rebuild: nothing is committed for job {job.Job}, so there are no start positions to replay from. Start without it.");
        if (progress.SettingsHash != _hash)
            throw new StateRefusedException("--rebuild: committed samples were made with other settings, so that a replay would contradict them. Restore the settings, or say --from-scratch.");
        return new StartPlan(StartKind.Rebuild, null, progress);
    }

    private CheckpointManifest Named(IReadOnlyList<CheckpointManifest> usable, IReadOnlyList<string> rejected, long id) =>
        usable.FirstOrDefault(manifest => manifest.Id == id)
        ?? throw new StateRefusedException(
            $"--from {id}: {job.State.Dir} has no such usable checkpoint; usable: {(usable.Count == 0 ? "none" : string.Join(", ", usable.Select(static manifest => manifest.Id)))}"
            + $"{(rejected.Count == 0 ? "" : "; rejected: " + string.Join("; ", rejected))}. Name a usable one; {Remedies}.");

    private static void RefuseOtherContract(Progress? progress)
    {
        if (progress is not null && progress.Contract != SettingsHash.ContractVersion)
            throw new StateRefusedException($"The committed progress is of contract version {progress.Contract}, this release makes samples by version {SettingsHash.ContractVersion}: expected the same. Finish the job with the older release, or say --from-scratch.");
    }

    private void RefuseFinished(CheckpointManifest manifest)
    {
        if (manifest.Finished) throw new StateRefusedException($"{job.State.Dir}: this job is finished. To run it again from its start positions, say --from-scratch.");
    }

    /// <summary>What open windows in the state were made with.</summary>
    private void RefuseOtherLayout(CheckpointManifest manifest)
    {
        ManifestStream[] streams = [.. job.Streams.Select(static stream => new ManifestStream(stream.Name, stream.Role))];
        string? difference = manifest.Job != job.Job ? $"job {manifest.Job}, now {job.Job}"
            : !manifest.Streams.SequenceEqual(streams) ? $"streams {Names(manifest.Streams)}, now {Names(streams)}"
            : manifest.WindowMs != (long)job.Window.Length.TotalMilliseconds ? $"a window of {TimeSpan.FromMilliseconds(manifest.WindowMs)}, now {job.Window.Length}"
            : manifest.Anchor != job.Window.Anchor ? $"anchor {Choices.Anchor.NameOf(manifest.Anchor)}, now {Choices.Anchor.NameOf(job.Window.Anchor)}"
            : manifest.KeepsLetters != job.DeadLetter is not null ? $"{(manifest.KeepsLetters ? "a" : "no")} dead_letter, now {(manifest.KeepsLetters ? "none" : "one")}"
            : PayloadDifference.Between(manifest.Settings, Text());
        if (difference is not null)
            throw new StateRefusedException($"{Where(manifest)} holds open windows made with {difference}, which they cannot go on with. Restore that setting, or discard state and progress with --from-scratch (samples may repeat).");
    }

    /// <summary>Commits are written before the checkpoint that counts on them, so less than it says was lost or taken away.</summary>
    private void RefuseBehind(CheckpointManifest manifest, IReadOnlyList<CheckpointManifest> usable, Progress? progress)
    {
        // An older one may be of before the first commit.
        long commits = Math.Max(manifest.Commits, usable.Where(other => other.Origin == manifest.Origin).Select(static other => other.Commits).DefaultIfEmpty().Max());
        if (!exactlyOnce || (progress is null && commits == 0)) return;
        if (progress is null)
            throw new StateRefusedException($"{Where(manifest)} counts on {commits} commits, and the output has none: it was deleted, or is another. Restore it, or say --from-scratch (samples may repeat).");
        if (progress.Origin != manifest.Origin)
            throw new StateRefusedException($"{Where(manifest)} goes back to the start {manifest.Origin}, what is committed to {progress.Origin}: expected the same. The state is of another run of this job: say --rebuild to go on from what is committed, or --from-scratch (samples may repeat).");
        if (progress.Commits < manifest.Commits || progress.IsBehind(manifest.AllPoints()))
            throw new StateRefusedException($"{Where(manifest)} counts on {manifest.Commits} commits, the output has {progress.Commits}: committed samples were lost. Restore the output, begin from an older checkpoint with --from, or say --from-scratch (samples may repeat).");
    }

    private static bool IsAhead(Progress? progress, CheckpointManifest manifest) => progress is not null && !progress.Points.SequenceEqual(manifest.AllPoints());

    private string Where(CheckpointManifest manifest) => $"Checkpoint {manifest.Id} in {job.State.Dir}";

    private static string Names(IEnumerable<ManifestStream> streams) =>
        string.Join(", ", streams.Select(static stream => $"{stream.Name} ({Choices.Role.NameOf(stream.Role)})"));

    private string Text() => System.Text.Encoding.UTF8.GetString(SettingsHash.Text(job));

    private static string Upper(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
