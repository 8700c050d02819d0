using Pipeline.Checkpoints;
using Pipeline.Commands;
using Pipeline.Hosting;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.EndToEnd;

/// <summary>A job that a test stops, does something to, and starts again: what starts have in common whatever it reads and writes.</summary>
/// <remarks>Users come ten seconds apart, one exposure and one click each, windows are a minute: of n users the last seven or eight have open windows.</remarks>
internal abstract class StartedJob : IDisposable
{
    /// <summary>Event time of the first user.</summary>
    public const long Ten = 1_764_064_800_000;

    /// <summary>Users whose windows the watermark has not passed: it goes by the partition that is behind.</summary>
    public abstract int OpenUsers { get; }

    /// <summary>The program, in a folder of the test's own.</summary>
    public JobRun Run { get; } = new();

    /// <summary>The job file.</summary>
    public string Path { get; protected set; } = "";

    /// <summary>Its state directory.</summary>
    public string State => Run["state"];

    /// <summary>What <c>verify</c> compares.</summary>
    public abstract string Samples { get; }

    /// <summary>Appends the records of users.</summary>
    public abstract void Produce(int from, int to);

    /// <summary>Its checkpoints, newest first.</summary>
    public IReadOnlyList<ListedCheckpoint> Checkpoints => CheckpointReader.List(State);

    /// <summary>Replaces text of the job file.</summary>
    public void Change(string before, string now)
    {
        string text = File.ReadAllText(Path);
        StringAssert.Contains(text, before);
        File.WriteAllText(Path, text.Replace(before, now, StringComparison.Ordinal));
    }

    /// <summary>Follows the input until so many users are read and their windows closed, all over its life, and stops as at a signal.</summary>
    public async Task<JobSummary> RunUntilAsync(int users, StartRequest? start = null)
    {
        await using var live = new LiveJob(Path, start: start);
        await ReadAsync(live, users);
        JobSummary stopped = await live.StopAsync();
        Assert.AreEqual(0, stopped.Unaccounted);
        return stopped;
    }

    /// <summary>Ends when a running job has read so many users and closed their windows.</summary>
    public Task ReadAsync(LiveJob live, int users) =>
        Eventually.Holds(() => live.IsRunning && live.Summary is { } now && now.SourceRecords == 2 * users && now.Samples == users - OpenUsers, $"{users} users are read");

    /// <summary>A start that must be refused with 65, for reasons that name all of this; bounded, so that one that is not refused ends.</summary>
    public async Task RefusedAsync(string[] reasons, params string[] flags)
    {
        Assert.AreEqual(ExitCodes.DataRefused, await Run.CallAsync(["run", Path, "--until-end", .. flags]), Run.Messages);
        foreach (string reason in reasons) StringAssert.Contains(Run.Messages, reason);
    }

    /// <summary>Reads to the end and compares: one sample for each user, once, byte for byte.</summary>
    public async Task EndsWithEachSampleOnceAsync(int users, params string[] flags)
    {
        Assert.AreEqual(users, (await Run.RunToEndAsync(Path, flags)).GetProperty("samples").GetInt64());
        string messages = Run.Messages;
        await Run.VerifyAsync(Path, Samples, users);
        EndMessages = messages;
    }

    /// <summary>What the run to the end said to its operator.</summary>
    public string EndMessages { get; private set; } = "";

    /// <summary>As a crash before the newest checkpoint leaves it: what came behind the older one is committed all the same.</summary>
    public void LoseNewestCheckpoint() => Directory.Delete(Checkpoints[0].Directory, recursive: true);

    /// <summary>Changes a byte in the middle of a checkpoint's snapshot of lane 0.</summary>
    public static void Damage(ListedCheckpoint checkpoint)
    {
        string path = System.IO.Path.Combine(checkpoint.Directory, checkpoint.Manifest!.Lanes[0].File);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 0xFF;
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Writes a checkpoint's manifest anew, whole.</summary>
    public static void Rewrite(ListedCheckpoint checkpoint, Func<CheckpointManifest, CheckpointManifest> change) =>
        File.WriteAllBytes(System.IO.Path.Combine(checkpoint.Directory, ManifestFile.Name), ManifestFile.Format(change(checkpoint.Manifest!)));

    public void Dispose() => Run.Dispose();

    /// <summary>Copies a state directory, but for its lock.</summary>
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            if (System.IO.Path.GetFileName(file) != "lock") File.Copy(file, target);
        }
    }

    /// <summary>The line of a user's exposure or click.</summary>
    protected static string Line(int user) => $$"""{"user":"u{{user}}","ts":{{Ten + (user * 10_000L)}}}""";
}
