using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Logging;
using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>Sources that could bring many times what the sink takes: the sink's pace becomes everybody's, and memory stays where it is.</summary>
internal static class SlowSink
{
    /// <summary>Far less than file → file brings on two cores, some 800,000 records/s (perf/results/2026-11-29.md: "Who waits for the disk").</summary>
    private const double SamplesPerSecond = 20_000;

    public static async Task<int> RunAsync(TimeSpan watched)
    {
        string folder = Directory.CreateTempSubdirectory("pipeline-perf-").FullName;
        try
        {
            Console.WriteLine(Machine.Line);
            long exposures = (long)(SamplesPerSecond * watched.TotalSeconds * 1.5);
            await PipelineProcess.RunAsync("generate", "--exposures", $"{exposures}", "--delay-mean", "2s", "--out", Path.Combine(folder, "logs"));
            // Windows of two seconds, so that they close all along.
            string path = Jobs.Write(
                folder, "slow", "files: { paths: [\"logs/exposure-*.jsonl\"] }", "files: { paths: [\"logs/click-*.jsonl\"] }", "files: { dir: out }", "window: { length: 2s }");
            JobOptions job = JobLoader.Load(path, [], new Dictionary<string, string>()).Job!;
            using var stop = new CancellationTokenSource(watched);
            var settings = new RunSettings
            {
                AroundSink = sink => new Throttled(sink, SamplesPerSecond),
                ReportInterval = TimeSpan.FromSeconds(5),
                Report = static (_, summary) => Console.WriteLine(
                    $"{summary.Seconds,6:F0} s  records {summary.SourceRecords,12:N0}  samples {summary.Samples,12:N0}  rss {Environment.WorkingSet / 1e6,8:N0} MB  peak {summary.PeakRssBytes / 1e6,8:N0} MB"),
            };
            JobSummary summary = await new JobRunner(job, settings, TimeProvider.System, EventLog.Open(TextWriter.Null, new EventLogOptions(), TimeProvider.System), TextWriter.Null).RunAsync(stop.Token);
            Console.WriteLine($"stopped: read {summary.SourceRecords:N0}, samples {summary.Samples:N0}, open {summary.Open:N0}, unaccounted {summary.Unaccounted}");
            return summary.Unaccounted == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class Throttled(ISampleSink sink, double samplesPerSecond) : ISampleSink
    {
        private readonly long _began = TimeProvider.System.GetTimestamp();
        private long _taken;

        public Task OpenAsync(CancellationToken stop) => sink.OpenAsync(stop);

        public async ValueTask WriteAsync(OutputBatch batch, CancellationToken stop)
        {
            // By the total, as a delay of less than a millisecond is none.
            _taken += batch.Count;
            TimeSpan ahead = TimeSpan.FromSeconds(_taken / samplesPerSecond) - TimeProvider.System.GetElapsedTime(_began);
            if (ahead > TimeSpan.FromMilliseconds(20)) await Task.Delay(ahead, stop);
            await sink.WriteAsync(batch, stop);
        }

        public Task FlushAsync(CancellationToken stop) => sink.FlushAsync(stop);

        public ValueTask DisposeAsync() => sink.DisposeAsync();
    }
}
