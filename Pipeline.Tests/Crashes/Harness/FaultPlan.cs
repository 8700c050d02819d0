using Pipeline.Blocks.Flow;

namespace Pipeline.Tests.Crashes;

/// <summary>Which faults a run meets, in their order.</summary>
internal static class FaultPlan
{
    /// <summary>Long enough after a first sample for two checkpoints of the scenarios' default interval.</summary>
    private static readonly TimeSpan Checkpoints = TimeSpan.FromMilliseconds(1500);

    /// <summary>Seeded faults. The first leaves a checkpoint behind; some come in bursts that hit one recovery three times.</summary>
    /// <param name="seed">Same seed, same faults.</param>
    /// <param name="count">How many; a burst may go over it.</param>
    /// <param name="points">Whether named points are among them.</param>
    /// <param name="stall">How long a broker is stalled now and then; zero: never.</param>
    public static IEnumerable<Fault> Random(int seed, int count, bool points = true, TimeSpan stall = default)
    {
        var random = new Random(seed);
        yield return new Fault(FaultKind.KillAfterSample, Checkpoints);
        for (int i = 1; i < count; i++)
        {
            double kind = random.NextDouble();
            if (kind < 0.2) yield return new Fault(FaultKind.KillAfterStart, Milliseconds(random, 300, 1500));
            else if (kind < 0.3 && stall > TimeSpan.Zero) yield return new Fault(FaultKind.StallBroker, Milliseconds(random, 0, 500), Lasting: stall);
            else if (kind < 0.6 || !points) yield return new Fault(FaultKind.KillAfterSample, Milliseconds(random, 0, 900));
            else if (kind < 0.9) yield return AtPoint(random);
            else
            {
                foreach (Fault fault in WithinOneRecovery(random)) yield return fault;
                i += 2;
            }
        }
    }

    /// <summary>Every named point. A process's first commit has no samples and its first checkpoint little to lose: those are passed, and one dies at a first commit.</summary>
    public static IEnumerable<Fault> EveryPoint() =>
    [
        new Fault(FaultKind.KillAfterSample, Checkpoints),
        .. CrashPoint.All.Select(static name => new Fault(FaultKind.KillAtPoint, Point: name, Passes: LaterPass(name))),
        new Fault(FaultKind.KillAtPoint, Point: CrashPoint.AfterCommit),
    ];

    /// <summary>Inside a checkpoint, before its manifest, and behind a restore: where a lane's state is written and read.</summary>
    public static IEnumerable<Fault> PointsOfState() =>
    [
        new Fault(FaultKind.KillAfterSample, Checkpoints),
        .. ((string[])[CrashPoint.InsideCheckpoint, CrashPoint.BeforeManifest, CrashPoint.AfterRestore])
            .Select(static name => new Fault(FaultKind.KillAtPoint, Point: name, Passes: LaterPass(name))),
    ];

    /// <summary>A kill with state behind it, and three more while that is restored.</summary>
    public static IEnumerable<Fault> ThreeWithinOneRecovery(int seed) =>
        [new Fault(FaultKind.KillAfterSample, Checkpoints), .. WithinOneRecovery(new Random(seed)), new Fault(FaultKind.KillAtPoint, Point: CrashPoint.AfterRestore)];

    /// <summary>Pauses longer than the broker lets a transaction be open.</summary>
    public static IEnumerable<Fault> Pauses(int seed, int count, TimeSpan lasting)
    {
        var random = new Random(seed);
        for (int i = 0; i < count; i++) yield return new Fault(FaultKind.Pause, Milliseconds(random, 0, 700), Lasting: lasting);
    }

    private static IEnumerable<Fault> WithinOneRecovery(Random random) =>
    [
        new Fault(FaultKind.KillAtPoint, Point: CrashPoint.InsideRestore, Passes: random.Next(1, 3)),
        new Fault(FaultKind.KillAfterStart, Milliseconds(random, 300, 1000)),
        new Fault(FaultKind.KillAtPoint, Point: CrashPoint.AfterRestore),
    ];

    private static int LaterPass(string point) => point switch
    {
        CrashPoint.BeforeCommit or CrashPoint.AfterCommit => 4,
        CrashPoint.InsideCheckpoint or CrashPoint.BeforeManifest or CrashPoint.AfterRename => 2,
        _ => 1,
    };

    private static Fault AtPoint(Random random)
    {
        string point = CrashPoint.All[random.Next(CrashPoint.All.Count)];
        return new Fault(FaultKind.KillAtPoint, Point: point, Passes: random.Next(1, LaterPass(point) + 1));
    }

    private static TimeSpan Milliseconds(Random random, int least, int most) => TimeSpan.FromMilliseconds(random.Next(least, most));
}
