namespace Pipeline.Blocks.Telemetry;

/// <summary>What the pipeline can be kept waiting by.</summary>
public enum OutageKind
{
    /// <summary>A source's brokers do not answer.</summary>
    Source,

    /// <summary>Samples or dead letters cannot be written.</summary>
    Sink,

    /// <summary>State or checkpoints cannot be written.</summary>
    StateDisk,
}

/// <summary>Something outside that is away, and waited for.</summary>
/// <param name="Kind">What.</param>
/// <param name="Where">Which one.</param>
/// <param name="Cause">The error.</param>
public readonly record struct Outage(OutageKind Kind, string Where, string Cause);

/// <summary>What is waited for now, for readiness and reports: the log says when it begins and ends.</summary>
/// <remarks>Threading: any.</remarks>
/// <param name="clock">The clock.</param>
/// <param name="mask">Takes secrets out of what clients and disks say; null: there are none.</param>
public sealed class Outages(TimeProvider clock, Func<string, string>? mask = null)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(OutageKind, string), (string Cause, long Began, TimeSpan Lasts)> _now = [];

    /// <summary>All that last.</summary>
    public IReadOnlyList<Outage> Now
    {
        get
        {
            lock (_gate)
                return [.. _now.Where(Lasts).Select(one => new Outage(one.Key.Item1, Masked(one.Key.Item2), Masked(one.Value.Cause))).OrderBy(static one => (one.Kind, one.Where))];
        }
    }

    /// <summary>Whether one of a kind lasts.</summary>
    public bool Any(OutageKind kind)
    {
        lock (_gate) return _now.Any(one => one.Key.Item1 == kind && Lasts(one));
    }

    /// <summary>It is away.</summary>
    /// <param name="kind">What.</param>
    /// <param name="where">Which one.</param>
    /// <param name="cause">The error.</param>
    /// <param name="lasts">Over by itself after so long, where nobody says when it ends; null: until <see cref="End"/>.</param>
    public void Begin(OutageKind kind, string where, string cause, TimeSpan? lasts = null)
    {
        lock (_gate) _now[(kind, where)] = (cause, clock.GetTimestamp(), lasts ?? Timeout.InfiniteTimeSpan);
    }

    /// <summary>It is back.</summary>
    public void End(OutageKind kind, string where)
    {
        lock (_gate) _now.Remove((kind, where));
    }

    private string Masked(string text) => mask is null ? text : mask(text);

    private bool Lasts(KeyValuePair<(OutageKind, string), (string Cause, long Began, TimeSpan Lasts)> one) =>
        one.Value.Lasts == Timeout.InfiniteTimeSpan || clock.GetElapsedTime(one.Value.Began) < one.Value.Lasts;
}
