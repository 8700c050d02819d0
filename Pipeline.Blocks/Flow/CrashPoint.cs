using System.Diagnostics;
using System.Globalization;

namespace Pipeline.Blocks.Flow;

/// <summary>Named instants at which a test lets the process die as by <c>kill -9</c>: where a crash would hurt most, and where chance seldom hits.</summary>
/// <remarks>
/// The program's start arms it from <c>PIPELINE_CRASH_AT=NAME[:N]</c>: the process dies the N-th time it comes by (the first by default). Unarmed, a point costs
/// one read of a static field. Threading: any; armed before anything runs.
/// </remarks>
public static class CrashPoint
{
    /// <summary>The variable.</summary>
    public const string Variable = "PIPELINE_CRASH_AT";

    /// <summary>Samples and progress of a transaction are produced, and not committed.</summary>
    public const string BeforeCommit = "before-commit";

    /// <summary>The broker, or the directory entry, has the commit; the process does not know it yet.</summary>
    public const string AfterCommit = "after-commit";

    /// <summary>Some lanes have written their snapshot, others not.</summary>
    public const string InsideCheckpoint = "inside-checkpoint";

    /// <summary>All is written but the manifest.</summary>
    public const string BeforeManifest = "before-manifest";

    /// <summary>The manifest is renamed into place, its directory not synced.</summary>
    public const string AfterRename = "after-rename";

    /// <summary>Some lanes are restored.</summary>
    public const string InsideRestore = "inside-restore";

    /// <summary>Everything is restored, nothing replayed yet.</summary>
    public const string AfterRestore = "after-restore";

    /// <summary>Every name, for the tests that go through them all.</summary>
    public static IReadOnlyList<string> All { get; } = [BeforeCommit, AfterCommit, InsideCheckpoint, BeforeManifest, AfterRename, InsideRestore, AfterRestore];

    private static string? Armed;
    private static int Left;

    /// <summary>Arms a point; null or empty: none.</summary>
    /// <exception cref="ArgumentException">There is no such point.</exception>
    public static void Arm(string? setting)
    {
        if (string.IsNullOrEmpty(setting)) return;
        string[] parts = setting.Split(':');
        if (!All.Contains(parts[0])) throw new ArgumentException($"{Variable}: expected one of {string.Join(", ", All)}, found {parts[0]}");
        Left = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 1;
        Armed = parts[0];
    }

    /// <summary>Comes by a point.</summary>
    public static void Reach(string name)
    {
        if (Armed is null || Armed != name || Interlocked.Decrement(ref Left) != 0) return;
        using var self = Process.GetCurrentProcess();
        self.Kill();
        new ManualResetEventSlim().Wait();
    }
}
