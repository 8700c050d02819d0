using System.Diagnostics;
using System.Text;
using Pipeline.Generation;

namespace Pipeline.Tests.Crashes;

/// <summary>Writes a scenario's log: all of it, or at a pace until told that it is enough, and then one event in every partition that closes every window.</summary>
internal sealed class LogFeed(CrashScenario scenario, ILogWriter writer)
{
    private const int SilentPartition = CrashScenario.Partitions - 1;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);
    private readonly CrashLog _log = new(scenario.Seed, scenario.BoundedExposures ?? long.MaxValue);
    private readonly List<byte[]> _silent = [];

    /// <summary>Records written so far, by stream; those that only close windows included.</summary>
    public long Exposures { get; private set; }

    public long Clicks { get; private set; }

    /// <summary>Writes a bounded log.</summary>
    public void WriteAll()
    {
        while (_log.MoveNext()) Write(_log.IsExposure, _log.Partition, _log.Line);
        writer.Complete();
    }

    /// <summary>Writes a log that goes on.</summary>
    public async Task WriteUntilAsync(CancellationToken enough)
    {
        long began = Stopwatch.GetTimestamp();
        for (long written = 0; !enough.IsCancellationRequested;)
        {
            TimeSpan now = Stopwatch.GetElapsedTime(began);
            bool silence = IsSilent(now);
            if (!silence) Release();
            for (long due = (long)(now.TotalSeconds * scenario.RecordsPerSecond); written < due; written++)
            {
                _log.MoveNext();
                if (silence && !_log.IsExposure && _log.Partition == SilentPartition) _silent.Add(_log.Line);
                else Write(_log.IsExposure, _log.Partition, _log.Line);
            }
            await Task.Delay(Tick, CancellationToken.None).ConfigureAwait(false);
        }
        Release();
        Close();
        writer.Complete();
    }

    /// <summary>The partition lives for half a silence before each.</summary>
    private bool IsSilent(TimeSpan now) => scenario.Silence is { } silence && now.TotalSeconds % (1.5 * silence.TotalSeconds) >= 0.5 * silence.TotalSeconds;

    private void Release()
    {
        foreach (byte[] line in _silent) Write(exposure: false, SilentPartition, line);
        _silent.Clear();
    }

    private void Close()
    {
        long time = _log.Arrival + (long)(CrashScenario.Window + 3 * CrashScenario.OutOfOrderness).TotalMilliseconds;
        for (int partition = 0; partition < CrashScenario.Partitions; partition++)
        {
            foreach (bool exposure in new[] { true, false })
            {
                string line = $$"""{"event_id":"{{CrashJob.Closing}}-{{partition}}","user_id":"{{CrashJob.Closing}}","item_id":"{{partition}}","ts":{{time}}}""";
                Write(exposure, partition, Encoding.UTF8.GetBytes(line));
            }
        }
    }

    private void Write(bool exposure, int partition, byte[] line)
    {
        writer.Write(exposure, partition, default, line);
        if (exposure) Exposures++;
        else Clicks++;
    }
}
