using System.Globalization;
using System.Text;
using Pipeline.Blocks.Records;
using Pipeline.Checkpoints;
using Pipeline.Configuration;

namespace Pipeline.Verification;

/// <summary>What a job's state directory says of how far its samples can be judged; found without a lock, while the job may be running.</summary>
/// <param name="Cut">How far; null: there is no checkpoint, and the sources are taken to have ended.</param>
/// <param name="Says">The same in words.</param>
/// <param name="IsFinished">Whether no sample may come behind the cut.</param>
internal sealed record VerifiedState(SourceCut? Cut, string Says, bool IsFinished)
{
    /// <summary>Reads the newest valid checkpoint. To be called before samples are read: those before it are committed then.</summary>
    /// <param name="job">The job.</param>
    /// <param name="note">Takes what else is to be known.</param>
    /// <exception cref="UnverifiableException">It is of another release, or of a job with other streams.</exception>
    public static VerifiedState Read(JobOptions job, Action<string> note)
    {
        foreach (long id in CheckpointReader.Ids(job.State.Dir))
        {
            if (CheckpointReader.Read(job.State.Dir, id) is not { } found) continue;
            if (found.Condition == CheckpointCondition.OtherRelease) throw new UnverifiableException(found.Reason);
            if (found.Condition == CheckpointCondition.Damaged) note($"checkpoint {id} is damaged, an older one is asked: {found.Reason}");
            if (found is { Condition: CheckpointCondition.Valid, Manifest: { } manifest }) return Of(job, manifest, note);
        }
        return new VerifiedState(null, $"{job.State.Dir}: no checkpoint; the sources are read whole and taken to have ended", IsFinished: true);
    }

    private static VerifiedState Of(JobOptions job, CheckpointManifest manifest, Action<string> note)
    {
        string[] streams = [.. manifest.Streams.Select(static stream => stream.Name)];
        if (!streams.SequenceEqual(job.Streams.Select(static stream => stream.Name)))
            throw new UnverifiableException($"checkpoint {manifest.Id} in {job.State.Dir}: expected the streams {string.Join(", ", job.Streams.Select(static stream => stream.Name))}, found {string.Join(", ", streams)}");
        if (manifest.SettingsHash != SettingsHash.Of(job))
            note($"checkpoint {manifest.Id} was taken with other settings: {SettingsDifference.Between(manifest.Settings, Encoding.UTF8.GetString(SettingsHash.Text(job)))}");
        string where = $"checkpoint {manifest.Id} of {Text(manifest.Created)}";
        return new VerifiedState(
            SourceCut.Of(manifest),
            manifest.Finished ? $"{where}: the job is finished, every window is judged" : $"{where}: verified up to watermark {Text(manifest.Watermark)}",
            manifest.Finished);
    }

    private static string Text(long milliseconds) => milliseconds switch
    {
        SourcePartition.NoTime => "none",
        long.MaxValue => "end",
        _ => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
    };
}
