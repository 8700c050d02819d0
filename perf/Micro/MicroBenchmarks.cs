using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Pipeline.Perf.Micro;

/// <summary>The stages one by one, each alone in this process, by BenchmarkDotNet: ns and managed bytes per record. With the gate a short job that fails when a budget is exceeded.</summary>
internal static class MicroBenchmarks
{
    /// <summary>Half a million records: what the runtime allocates for itself meanwhile, seen up to 8 KB, is far below the budget then.</summary>
    private const int GateInvocations = 256;

    private static readonly Type[] Stages =
    [
        typeof(IntakeStage), typeof(ParseStage), typeof(PartitionStage), typeof(SaltStage), typeof(ReorderStage), typeof(TableStage), typeof(LaneStage), typeof(FormatStage), typeof(SinkStage),
        typeof(Control),
    ];

    /// <summary>A stage over its budget is measured again: code that allocates does so each time, the runtime does now and then.</summary>
    private const int Attempts = 3;

    /// <summary>Runs them; 1 where one failed or allocates.</summary>
    public static int Run(bool gate, string filter)
    {
        string artifacts = Directory.CreateTempSubdirectory("pipeline-micro-").FullName;
        try
        {
            Console.WriteLine(Harness.Machine.Line);
            Console.WriteLine($"{"stage",-28}{"ns/record",12}{"B/record",12}{"budget",10}");
            Type[] stages = Stages;
            int within = 0;
            for (int attempt = 1; ; attempt++)
            {
                MicroResult[] results = [.. BenchmarkRunner.Run(stages, Configuration(gate, filter, artifacts)).SelectMany(MicroResult.Of)];
                foreach (MicroResult result in results) Console.WriteLine(result.Row);
                within += results.Count(static result => result.IsWithinBudget);
                MicroResult[] over = [.. results.Where(static result => !result.IsWithinBudget)];
                if (over.Length == 0 && within > 0)
                {
                    Console.WriteLine("all within their budgets");
                    return 0;
                }
                if (attempt < Attempts && over.Length > 0 && over.All(static result => result.IsMeasured))
                {
                    stages = [.. over.Select(static result => result.Stage).Distinct()];
                    continue;
                }
                Console.Error.WriteLine(over.Length == 0 ? "nothing was measured" : $"over budget or broken: {string.Join(", ", over.Select(static result => result.Name))}");
                return 1;
            }
        }
        finally
        {
            Directory.Delete(artifacts, recursive: true);
        }
    }

    private static ManualConfig Configuration(bool gate, string filter, string artifacts)
    {
        Job job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance);
        job = gate
            ? job.WithWarmupCount(1).WithIterationCount(2).WithInvocationCount(GateInvocations).WithUnrollFactor(1)
            : job.WithWarmupCount(5).WithIterationCount(15).WithIterationTime(TimeInterval.FromMilliseconds(250));
        return ManualConfig.CreateEmpty()
            .AddJob(job).AddDiagnoser(MemoryDiagnoser.Default).AddColumnProvider(DefaultColumnProviders.Instance).AddFilter(new GlobFilter([filter]))
            .AddLogger(gate ? NullLogger.Instance : ConsoleLogger.Default).WithArtifactsPath(artifacts);
    }
}
