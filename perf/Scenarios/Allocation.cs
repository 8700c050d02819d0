using System.Globalization;
using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>Managed bytes per record and Gen2 collections of the whole process while it works off a backlog at its peak, exactly-once: everything counted, reports and checkpoints too.</summary>
/// <remarks>
/// A million windows are open at once and close all along. Two looks at <c>/metrics</c>, behind a warm-up in which buffers and pools grow and code is compiled; the
/// first look's own allocations are in the difference.
/// </remarks>
internal static class Allocation
{
    private const string Samples = "perf-allocation-samples";
    private const double BytesAim = 0.5, CollectionsAim = 1;

    /// <param name="bootstrap">A broker; null: file → file.</param>
    /// <param name="exposures">Size of the log: it must last for warm-up and measuring.</param>
    /// <param name="warmUp">Before the first look.</param>
    /// <param name="measured">Between the looks.</param>
    public static async Task<int> RunAsync(string? bootstrap, long exposures, TimeSpan warmUp, TimeSpan measured)
    {
        string folder = Directory.CreateTempSubdirectory("pipeline-perf-").FullName;
        using IAdminClient? admin = bootstrap is null ? null : new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        try
        {
            if (admin is not null) await KafkaToKafka.DropAsync(admin, "exposure", "click", Samples);
            string[] target = bootstrap is null ? ["--out", Path.Combine(folder, "logs")] : ["--bootstrap", bootstrap];
            await PipelineProcess.RunAsync(["generate", "--exposures", $"{exposures}", "--rate", "50000", "--delay-mean", "5s", .. target]);
            const string More = "window: { length: 20s }";
            string job = bootstrap is null ? FileToFile.WriteJob(folder, "allocation", More) : KafkaToKafka.WriteJob(folder, "allocation", bootstrap, Samples, More);
            using RunningPipeline run = await RunningPipeline.StartAsync(job, "--until-end");
            await Task.Delay(warmUp);
            Scrape first = await run.LookWhileRunningAsync("the end of the warm-up");
            await Task.Delay(measured);
            Scrape last = await run.LookWhileRunningAsync("the last look");
            if (first.Sum("pipeline_samples_total") == 0) Console.WriteLine("No window had closed at the first look: this is not the steady state, a longer warm-up is needed.");
            Console.WriteLine(Machine.Line);
            Print(bootstrap is null ? "file → file" : "Kafka → Kafka", first, last);
            JsonElement summary = await run.TerminateAsync();
            Console.WriteLine($"records {summary.GetProperty("source_records")}, samples {summary.GetProperty("samples")}, unaccounted {summary.GetProperty("unaccounted")}");
            return 0;
        }
        finally
        {
            if (admin is not null) await KafkaToKafka.DropAsync(admin, "exposure", "click", Samples);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Print(string scenario, Scrape first, Scrape last)
    {
        double Between(string metric, params string[] labels) => last.Sum(metric, labels) - first.Sum(metric, labels);
        double seconds = last.Uptime - first.Uptime, records = last.Records - first.Records;
        double bytes = Between("dotnet_gc_heap_total_allocated_bytes_total");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{scenario}, exactly-once, {seconds:F1} s: {records:N0} records ({records / seconds:N0}/s), {Between("pipeline_samples_total"):N0} samples, {Between("pipeline_checkpoints_total"):N0} checkpoints"));
        Console.WriteLine("| | measured | aim |");
        Console.WriteLine("|---|---|---|");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| managed bytes per record | {bytes / records:F3} ({bytes / 1e6:N1} MB) | ≤ {BytesAim} |"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| Gen2 collections per minute | {Between("dotnet_gc_collections_total", "generation=\"gen2\"") * 60 / seconds:F2} | ≤ {CollectionsAim} |"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| collections from Gen0 and from Gen1 on, per minute | {Between("dotnet_gc_collections_total", "generation=\"gen0\"") * 60 / seconds:F2}, {Between("dotnet_gc_collections_total", "generation=\"gen1\"") * 60 / seconds:F2} | |"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| ms per minute that the collector stopped the process | {Between("dotnet_gc_pause_time_seconds_total") * 60_000 / seconds:F1} | |"));
    }
}
