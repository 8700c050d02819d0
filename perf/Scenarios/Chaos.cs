using System.Diagnostics;
using System.Globalization;
using Pipeline.Tests.Crashes;
using Pipeline.Tests.Kafka;

namespace Pipeline.Perf.Scenarios;

/// <summary>Rounds of seeded faults over topics and files, bounded and going on, until the program was killed so often; the first difference ends it.</summary>
internal sealed class Chaos
{
    private const int KillsPerRound = 40;

    private readonly List<CrashReport> _rounds = [];
    private long _began;
    private CancellationToken _stop;

    /// <summary>Kills in all.</summary>
    public required int Kills { get; init; }

    /// <summary>Round n has the seed n further.</summary>
    public required int Seed { get; init; }

    /// <summary>No fault comes after it.</summary>
    public required TimeSpan Limit { get; init; }

    /// <summary>Whether the program has one core only.</summary>
    public bool OneCore { get; init; }

    /// <summary>How long the broker is stopped now and then; zero: never.</summary>
    public TimeSpan Stall { get; init; }

    /// <summary>Runs; 1 when anything was not exactly once.</summary>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        (_began, _stop) = (Stopwatch.GetTimestamp(), stop);
        // Transactions that were left open are aborted soon after their time.
        KafkaNode node = KafkaNode.Find(new Dictionary<string, string> { ["transaction.abort.timed.out.transaction.cleanup.interval.ms"] = "500" })
            ?? throw new InvalidOperationException("no Kafka: set KAFKA_HOME to a Kafka distribution, or put shared/servers/kafka beside the repository");
        try
        {
            string bootstrap = node.Start();
            while (Made < Kills && GoesOn && _rounds.All(static round => round.Succeeded)) await RoundAsync(new CrashBroker(bootstrap, node.Pids)).ConfigureAwait(false);
        }
        finally
        {
            node.Remove();
        }
        Print();
        return _rounds.All(static round => round.Succeeded) ? 0 : 1;
    }

    private int Made => _rounds.Sum(static round => round.Kills);

    private bool GoesOn => !_stop.IsCancellationRequested && Stopwatch.GetElapsedTime(_began) < Limit;

    private async Task RoundAsync(CrashBroker broker)
    {
        int round = _rounds.Count, seed = Seed + round;
        CrashScenario scenario = Scenarios(round, seed);
        Console.WriteLine($"round {round + 1}: {scenario}");
        IEnumerable<Fault> faults = scenario.TransactionTimeout is { } timeout
            ? FaultPlan.Pauses(seed, count: 5, timeout * 1.5)
            : FaultPlan.Random(seed, Math.Min(KillsPerRound, Kills - Made), stall: scenario.NeedsBroker ? Stall : TimeSpan.Zero);
        CrashReport report = await new CrashRun(scenario, scenario.NeedsBroker ? broker : null, Console.WriteLine).RunAsync(faults.TakeWhile(_ => GoesOn)).ConfigureAwait(false);
        _rounds.Add(report);
        if (report.Succeeded) Console.WriteLine($"exactly once: {report.Kills} kills, {report.Records:N0} records, {report.Samples:N0} samples");
        else Console.WriteLine(report);
    }

    private CrashScenario Scenarios(int round, int seed)
    {
        var scenario = new CrashScenario { Name = $"chaos-{round + 1}", Seed = (ulong)seed, OneCore = OneCore };
        return (round % 8) switch
        {
            0 => scenario,
            1 => scenario with { BoundedExposures = 300_000 },
            2 => scenario with { FileOutput = true },
            3 => scenario with { FileInput = true, FileOutput = true },
            4 => scenario with { Silence = TimeSpan.FromSeconds(4) },
            5 => scenario with { FileInput = true, FileOutput = true, BoundedExposures = 500_000 },
            6 => scenario with { TransactionTimeout = TimeSpan.FromSeconds(2) },
            _ => scenario with { Skew = "mode: force, salts: 3", Letters = round % 16 == 7 },
        };
    }

    private void Print()
    {
        TimeSpan[] recoveries = [.. _rounds.SelectMany(static round => round.Recoveries).Order()];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Made} kills in {_rounds.Count} rounds, {_rounds.Sum(static round => round.Starts)} starts, {_rounds.Sum(static round => round.Records):N0} records, {_rounds.Sum(static round => round.Samples):N0} samples, seed {Seed}"));
        foreach (IGrouping<string, FaultRecord> group in _rounds.SelectMany(static round => round.Faults).GroupBy(static fault => fault.Fault.Group).OrderBy(static group => group.Key, StringComparer.Ordinal))
            Console.WriteLine($"  {group.Key,-28}{group.Count(static fault => fault.ExitCode == PipelineChild.Killed),6}");
        if (recoveries.Length > 0)
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"start to first new committed sample: median {Quantile(0.5):F2} s, p99 {Quantile(0.99):F2} s, {recoveries.Length} starts"));
        Console.WriteLine(_rounds.All(static round => round.Succeeded) ? "exactly once" : "NOT exactly once");

        double Quantile(double part) => recoveries[(int)Math.Min(recoveries.Length - 1, part * recoveries.Length)].TotalSeconds;
    }
}
