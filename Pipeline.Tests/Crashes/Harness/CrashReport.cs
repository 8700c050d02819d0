using System.Globalization;
using System.Text;

namespace Pipeline.Tests.Crashes;

/// <summary>What one fault met.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Fault">What was to be done.</param>
/// <param name="Pid">To which process.</param>
/// <param name="Alive">How old it got.</param>
/// <param name="Recovery">From its start to the first new sample seen; null when none was.</param>
/// <param name="Seen">Committed samples seen by its end.</param>
/// <param name="ExitCode">How it ended.</param>
internal sealed record FaultRecord(int Number, Fault Fault, int Pid, TimeSpan Alive, TimeSpan? Recovery, long Seen, int ExitCode)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"#{Number,-4} {Fault,-36} pid {Pid,-8} alive {Alive.TotalSeconds,6:F2} s  first sample {(Recovery is { } time ? $"{time.TotalSeconds:F2} s" : "none"),-7} seen {Seen,8}  exit {ExitCode}");
}

/// <summary>What came of a run under faults.</summary>
internal sealed class CrashReport(CrashScenario scenario, string folder)
{
    /// <summary>Faults in their order.</summary>
    public List<FaultRecord> Faults { get; } = [];

    /// <summary>How many of them killed a process.</summary>
    public int Kills => Faults.Count(static fault => fault.ExitCode == PipelineChild.Killed);

    /// <summary>What is wrong; empty when nothing is.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Time from a start to the first new committed sample, of each start that had one.</summary>
    public List<TimeSpan> Recoveries { get; } = [];

    /// <summary>Processes started.</summary>
    public int Starts { get; set; }

    /// <summary>Records of the log.</summary>
    public long Records { get; set; }

    /// <summary>Samples of an uninterrupted run.</summary>
    public long Samples { get; set; }

    /// <summary>Whether the result was a function of the input alone.</summary>
    public bool Deterministic { get; set; } = true;

    /// <summary>Whether nothing is wrong.</summary>
    public bool Succeeded => Failures.Count == 0;

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{scenario}: {(Succeeded ? "exactly once" : "NOT exactly once")}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{Kills} kills in {Faults.Count} faults, {Starts} starts, {Records} records, {Samples} samples");
        foreach (string failure in Failures) text.AppendLine(failure);
        foreach (FaultRecord fault in Faults) text.AppendLine(fault.ToString());
        if (!Succeeded) text.AppendLine(CultureInfo.InvariantCulture, $"kept: {folder}");
        return text.ToString();
    }
}
