using System.Globalization;

namespace Pipeline.Tests.Crashes;

/// <summary>How a running program is disturbed.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL some time after its start.</summary>
    KillAfterStart,

    /// <summary>SIGKILL some time after its first new sample was seen.</summary>
    KillAfterSample,

    /// <summary>It dies by itself at a named point.</summary>
    KillAtPoint,

    /// <summary>SIGSTOP some time after a new sample, SIGCONT later, SIGKILL after the next new sample; it may also end by itself, fenced.</summary>
    Pause,

    /// <summary>The broker is stopped some time after a new sample; the program is killed in the middle of that, the next one starts into it.</summary>
    StallBroker,
}

/// <summary>One disturbance of one process.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="After">How long after what the kind says.</param>
/// <param name="Point">Name of a crash point.</param>
/// <param name="Passes">At which pass by the point it dies.</param>
/// <param name="Lasting">How long a pause or a stall takes.</param>
internal sealed record Fault(FaultKind Kind, TimeSpan After = default, string Point = "", int Passes = 1, TimeSpan Lasting = default)
{
    /// <summary>What the faults of a report are counted by.</summary>
    public string Group => Kind == FaultKind.KillAtPoint ? Point : Kind switch
    {
        FaultKind.KillAfterStart => "after start",
        FaultKind.KillAfterSample => "after a sample",
        FaultKind.Pause => "after a pause",
        _ => "in a stall of the broker",
    };

    /// <inheritdoc/>
    public override string ToString() => Kind == FaultKind.KillAtPoint
        ? $"{Point}:{Passes}"
        : string.Create(CultureInfo.InvariantCulture, $"{Group} +{After.TotalMilliseconds:F0} ms{(Lasting > TimeSpan.Zero ? $" for {Lasting.TotalMilliseconds:F0} ms" : "")}");
}
