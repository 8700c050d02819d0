using System.Globalization;
using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Generation;
using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>Kafka → Kafka, exactly-once: how old samples are at their commit beyond what the job asks for, while a live log comes at a part of the rate that a backlog was worked off at.</summary>
/// <remarks>
/// A sample of an exposure at t may leave when its log has come to t + window + out-of-orderness: then the newest event of a partition, at its arrival, lets the watermark
/// pass the window's end. What the program adds is its age at the commit (<c>pipeline.sample.age</c>, stage total, made once a batch of up to 512 samples) less window and
/// out-of-orderness. In it, and so counted against the program: the producer's linger and what it is behind its clock, the broker, and the thinnest partition's spacing of
/// events. The percentiles have two digits, which with a window of 2 s is 16 ms, rounded up. They are of the last one to two minutes; so the run is longer than that.
/// </remarks>
internal static class Age
{
    private const string Samples = "perf-age-samples";
    private const int Partitions = 4;
    private const int PeakRuns = 3;
    private const int MostBehindMs = 2_000;
    private const double MedianAim = 0.3, LastPercentAim = 1;
    private static readonly TimeSpan Disorder = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    /// <param name="bootstrap">A broker.</param>
    /// <param name="exposures">Size of the backlog by which the peak is measured.</param>
    /// <param name="share">Part of the peak.</param>
    /// <param name="given">Records per second instead of a measured peak; 0: measure.</param>
    /// <param name="watched">How long the live log comes.</param>
    /// <param name="hotShare">Part of the live log's events that one key has. Its windows are a handful, so that the samples are those of the other keys.</param>
    public static async Task<int> RunAsync(string bootstrap, long exposures, double share, double given, TimeSpan watched, double hotShare)
    {
        string folder = Directory.CreateTempSubdirectory("pipeline-perf-").FullName;
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        try
        {
            string job = KafkaToKafka.WriteJob(folder, "age", bootstrap, Samples, $"window: {{ length: {Window.TotalSeconds}s }}\nout_of_orderness: {Disorder.TotalMilliseconds}ms");
            Console.WriteLine(Machine.Line);
            double peak = given > 0 ? given : await PeakAsync(admin, bootstrap, exposures, job);
            return await WatchAsync(admin, bootstrap, job, peak * share, watched, hotShare) ? 0 : 1;
        }
        finally
        {
            await KafkaToKafka.DropAsync(admin, "exposure", "click", Samples);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> PeakAsync(IAdminClient admin, string bootstrap, long exposures, string job)
    {
        await KafkaToKafka.DropAsync(admin, "exposure", "click");
        await PipelineProcess.RunAsync(
            "generate", "--exposures", $"{exposures}", "--rate", "150000", "--delay-mean", "1s", "--disorder", $"{Disorder.TotalMilliseconds}ms", "--bootstrap", bootstrap);
        var results = new List<RunResult>();
        for (int run = 0; run < PeakRuns; run++)
        {
            await KafkaToKafka.DropAsync(admin, Samples);
            results.Add(await PipelineProcess.RunToEndAsync(job));
        }
        Console.WriteLine(await PipelineProcess.VerifyAsync(job, "kafka"));
        Console.WriteLine("| backlog | records/s | least – most | CPU s per M records | peak RSS MB |");
        Console.WriteLine("|---|---|---|---|---|");
        Console.WriteLine($"| {exposures:N0} exposures | {RunResult.Cells(results)} |");
        return RunResult.Median(results).RecordsPerSecond;
    }

    private static async Task<bool> WatchAsync(IAdminClient admin, string bootstrap, string job, double rate, TimeSpan watched, double hotShare)
    {
        await KafkaToKafka.DropAsync(admin, "exposure", "click", Samples);
        using (new LogTopics(bootstrap, Partitions))
        {
            // It makes them.
        }
        TimeProvider clock = TimeProvider.System;
        var defaults = new SyntheticLogOptions();
        using RunningPipeline run = await RunningPipeline.StartAsync(job);
        using var stop = new CancellationTokenSource();
        // The first exposure reaches the log "disorder" after the start.
        var log = new LiveLog(bootstrap, defaults with
        {
            Exposures = long.MaxValue,
            Rate = rate / (1 + defaults.Ctr),
            DelayMean = TimeSpan.FromSeconds(1),
            Disorder = Disorder,
            Partitions = Partitions,
            HotShare = hotShare,
            Start = clock.GetUtcNow() - Disorder,
        }, clock);
        Task sending = log.RunAsync(stop.Token);
        await Task.WhenAny(sending, Task.Delay(watched / 2));
        long before = log.Records;
        _ = log.MostBehind;
        Scrape middle = await run.LookWhileRunningAsync("its first look");
        await Task.WhenAny(sending, Task.Delay(watched / 2));
        Scrape end = await run.LookWhileRunningAsync("its last look");
        double seconds = end.Uptime - middle.Uptime;
        long behind = log.MostBehind;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"asked {rate:N0} records/s{(hotShare > 0 ? $", {hotShare:P0} of them of one key" : "")}; in the last {seconds:F0} s sent {(log.Records - before) / seconds:N0}, read {(end.Records - middle.Records) / seconds:N0}; producer at most {behind} ms behind its clock, lag {end.Sum("pipeline_partition_lag"):N0} records"));
        await stop.CancelAsync();
        await sending;
        Print(end);
        JsonElement summary = await run.TerminateAsync();
        Console.WriteLine($"samples {summary.GetProperty("samples")}, late {summary.GetProperty("late")}, unaccounted {summary.GetProperty("unaccounted")}");
        if (behind <= MostBehindMs) return true;
        Console.Error.WriteLine("The producer, which shares the machine, did not keep that pace: what is above is its delay, not the program's. --share or --peak sets a lower one.");
        return false;
    }

    private static void Print(Scrape look)
    {
        Console.WriteLine("| age of samples, s | p50 | p99 |");
        Console.WriteLine("|---|---|---|");
        foreach (string stage in (string[])["ingest", "join", "close", "commit", "total"]) Row(stage, At(look, stage, "50"), At(look, stage, "99"));
        double asked = (Window + Disorder).TotalSeconds;
        Row("added by the program: total less window and out-of-orderness", At(look, "total", "50") - asked, At(look, "total", "99") - asked);
        Row("aim, at most", MedianAim, LastPercentAim);
    }

    private static void Row(string name, double median, double last) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {median:F3} | {last:F3} |"));

    private static double At(Scrape look, string stage, string percentile) =>
        look.Sum("pipeline_sample_age_seconds", $"stage=\"{stage}\"", $"percentile=\"{percentile}\"");
}
