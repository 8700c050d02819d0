using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;
using Pipeline.Checkpoints;
using Pipeline.Configuration;
using Pipeline.Hosting;
using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Fakes;
using Pipeline.Topology;
using Pipeline.Verification;

namespace Pipeline.Tests.Checkpoints;

/// <summary>
/// A job of two lanes, stopped in the middle, gone on with, and stopped again, so that its two checkpoints need tables of two generations and window logs of
/// several pages, with more than a thousand open windows; then its sources go on. Its state and output can be had back as they were.
/// </summary>
internal sealed class StoppedJob : IDisposable
{
    private const long Ten = 1_764_064_800_000;
    private const int Exposures = 3_000;
    private const int Spacing = 500;
    private const int Minute = 60_000;
    private readonly JobRun _run = new();
    private readonly Dictionary<string, byte[]> _whole = [];

    private StoppedJob()
    {
    }

    /// <summary>The job's file.</summary>
    public string JobFile { get; private set; } = "";

    /// <summary>The job.</summary>
    public JobOptions Job { get; private set; } = null!;

    /// <summary>The state directory.</summary>
    public string State => _run["state"];

    /// <summary>Calls commands.</summary>
    public JobRun Run => _run;

    /// <summary>Every sample of the job run to its end.</summary>
    public IReadOnlyList<ReferenceSample> Expected { get; private set; } = [];

    /// <summary>Numbers of the checkpoints, the newest first.</summary>
    public IReadOnlyList<long> Ids { get; private set; } = [];

    /// <summary>Samples committed when it was stopped.</summary>
    public long Committed { get; private set; }

    /// <summary>Windows open then.</summary>
    public long Open { get; private set; }

    /// <summary>Files that checkpoints need, relative to the state directory, with their bytes.</summary>
    public SortedDictionary<string, byte[]> Needed { get; } = new(StringComparer.Ordinal);

    /// <summary>Files of the state as they were at the first stop.</summary>
    public Dictionary<string, byte[]> Older { get; } = [];

    /// <summary>Makes one.</summary>
    public static async Task<StoppedJob> MakeAsync()
    {
        var made = new StoppedJob();
        made.JobFile = made._run.Write("job.yaml", """
            job: stopped
            out_of_orderness: 30s
            idle_timeout: 1h
            window: { length: 10m }
            streams:
              - { name: exposure, role: exposure, source: { files: { paths: ["logs/exposure-*.jsonl"] } }, format: json, key: [user], time: { field: ts } }
              - { name: click, role: action, source: { files: { paths: ["logs/click-*.jsonl"] } }, format: json, key: [user], time: { field: ts } }
            output: { sink: { files: { dir: out } } }
            state: { dir: state, memory: 8MiB, checkpoint_interval: 1h, keep: 2 }
            parallelism: { lanes: 2 }
            """);
        made.Job = JobLoader.Load(made.JobFile, [], new Dictionary<string, string>()).Job!;
        await made.RunAsync();
        return made;
    }

    public void Dispose() => _run.Dispose();

    /// <summary>Brings state and output back to the last stop.</summary>
    public void Reset()
    {
        foreach (string folder in (string[])["state", "out"])
            if (Directory.Exists(_run[folder])) Directory.Delete(_run[folder], recursive: true);
        foreach ((string file, byte[] bytes) in _whole) Put(_run[file], bytes);
    }

    /// <summary>Brings single files of the state back.</summary>
    public void Undo(StateMutation mutation)
    {
        foreach ((string file, _) in mutation.Files) Put(Path.Combine(State, file), Needed[file]);
    }

    /// <summary>
    /// Restores a checkpoint's lanes from a copy of the state as it is now, and drives them to their end: their watermarks and counts, and a hash of every
    /// sample in its order.
    /// </summary>
    public string Restore(long id)
    {
        using var copy = new TempFolder();
        foreach (string path in Directory.EnumerateFiles(State, "*", SearchOption.AllDirectories)) Put(copy[Path.GetRelativePath(State, path)], File.ReadAllBytes(path));
        JobOptions job = Job with { State = Job.State with { Dir = copy.Path } };
        var gate = new ReadGate(new PartitionDirectory([.. job.Streams.Select(static stream => stream.Name)]), ReadGate.NoDriftControl);
        using StateDirectory state = StateDirectory.Open(job, TimeProvider.System, NullLogger.Instance);
        using var lanes = new JobLanes(job, state, gate, TimeProvider.System, NullLogger.Instance, new Outages(TimeProvider.System));
        lanes.Restore(copy[$"checkpoints/{CheckpointReader.NameOf(id)}"], job.Parallelism.Lanes);
        return string.Join("; ", lanes.All.Select(Drive));
    }

    private static string Drive(LaneJoin lane)
    {
        string before = $"{lane.Watermark} {Text(lane.Ledger)}";
        var samples = new XxHash128();
        var output = new SampleBatch(1);
        lane.Accept(new LaneBatch { Watermark = long.MaxValue });
        bool more;
        do
        {
            more = lane.Advance(output);
            for (int i = 0; i < output.Count; i++)
            {
                ClosedWindow window = output.Windows[i];
                samples.Append(MemoryMarshal.AsBytes<long>([window.Start, window.Exposures, window.Partition, window.Offset]));
                samples.Append(MemoryMarshal.AsBytes(output.CellsOf(i)));
                samples.Append(output.Bytes.AsSpan(window.KeyStart, window.KeyLength));
                samples.Append(output.Bytes.AsSpan(window.PayloadStart, window.PayloadLength));
            }
            output.Clear();
        }
        while (more);
        return $"{before} -> {Text(lane.Ledger)} {Convert.ToHexStringLower(samples.GetCurrentHash())}";
    }

    private static string Text(LaneLedger ledger) => string.Join(
        ',', ledger.Received.Concat(ledger.Duplicate).Concat(ledger.Orphaned).Concat(ledger.InWindows).Concat(ledger.Emitted).Append(ledger.WindowsOpened).Append(ledger.WindowsClosed));

    private async Task RunAsync()
    {
        (int Stream, int File, int Time, string Line)[] events = Events();
        Append(events, 0, 13 * Minute);
        await RunUntilReadAsync();
        foreach (string path in Directory.EnumerateFiles(State, "*", SearchOption.AllDirectories)) Older.Add(Path.GetRelativePath(State, path), File.ReadAllBytes(path));
        Append(events, 13 * Minute, 18 * Minute);
        JobSummary stopped = await RunUntilReadAsync();
        (Committed, Open) = (stopped.Samples, stopped.Open);
        foreach (string folder in (string[])["state", "out"])
            foreach (string path in Directory.EnumerateFiles(_run[folder], "*", SearchOption.AllDirectories)) _whole.Add(Path.GetRelativePath(_run["."], path), File.ReadAllBytes(path));
        foreach ((string file, byte[] bytes) in _whole)
        {
            string[] parts = file.Split(Path.DirectorySeparatorChar);
            // Spilled events are in the snapshots.
            if (parts[0] == "state" && parts.Length > 2 && !parts[^1].StartsWith("reorder", StringComparison.Ordinal)) Needed.Add(Path.GetRelativePath("state", file), bytes);
        }
        Ids = CheckpointReader.Ids(State);
        Append(events, 18 * Minute, int.MaxValue);
        Expected = ReferenceJoin.Run(Job, SourceReader.ReadAll(Job)).Samples;
    }

    private async Task<JobSummary> RunUntilReadAsync()
    {
        long lines = Directory.GetFiles(_run["logs"]).Sum(static log => File.ReadLines(log).LongCount());
        await using var live = new LiveJob(JobFile);
        await Eventually.Holds(() => live.IsRunning && live.Summary?.SourceRecords == lines, "everything there is was read");
        return await live.StopAsync();
    }

    /// <summary>Every event in the order of its time; each eighth exposure is long.</summary>
    private static (int Stream, int File, int Time, string Line)[] Events()
    {
        var random = new Random(11);
        var events = new List<(int Stream, int File, int Time, string Line)>();
        for (int i = 0; i < Exposures; i++)
        {
            Add(0, i, i * Spacing, new string((char)('a' + random.Next(26)), i % 8 == 0 ? 16_000 : 100 + random.Next(100)));
            if (random.Next(5) == 0) Add(0, i, (i * Spacing) + random.Next(11 * Minute), "again");
            for (int clicks = random.Next(3); clicks > 0; clicks--) Add(1, i, (i * Spacing) + random.Next(12 * Minute), "");
        }
        return [.. events.OrderBy(static one => one.Time)];

        void Add(int stream, int user, int after, string text) =>
            events.Add((stream, random.Next(2), after, $$"""{"user":"u{{user}}","ts":{{Ten + after}},"text":"{{text}}"}"""));
    }

    private void Append((int Stream, int File, int Time, string Line)[] events, int from, int to)
    {
        Directory.CreateDirectory(_run["logs"]);
        foreach (IGrouping<string, string> log in events.Where(one => one.Time >= from && one.Time < to).GroupBy(static one => $"{(one.Stream == 0 ? "exposure" : "click")}-{one.File}", static one => one.Line + "\n"))
            File.AppendAllText(_run[$"logs/{log.Key}.jsonl"], string.Concat(log));
    }

    private static void Put(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }
}
