using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sinks;

/// <summary>Says once that nothing can be committed, and once that it goes on; and ends the wait at a limit.</summary>
/// <remarks>Threading: any.</remarks>
/// <param name="where">What cannot be written, for messages.</param>
/// <param name="settings">Log and clock.</param>
internal sealed class SinkOutage(string where, SinkSettings settings)
{
    private readonly Lock _gate = new();
    private long _began;
    private bool _lasts;

    /// <summary>How long it may last.</summary>
    public TimeSpan Limit { get; set; } = settings.UnavailableLimit;

    /// <summary>Whether it lasts.</summary>
    public bool Lasts
    {
        get
        {
            lock (_gate) return _lasts;
        }
    }

    /// <summary>Something failed that may pass.</summary>
    public void Begin(string error)
    {
        lock (_gate)
        {
            if (_lasts) return;
            (_lasts, _began) = (true, settings.Clock.GetTimestamp());
        }
        settings.Outages?.Begin(OutageKind.Sink, where, error);
        settings.Log.OutputAway(where, error);
    }

    /// <summary>It went well.</summary>
    public void End()
    {
        TimeSpan lasted;
        lock (_gate)
        {
            if (!_lasts) return;
            (_lasts, lasted) = (false, settings.Clock.GetElapsedTime(_began));
        }
        settings.Outages?.End(OutageKind.Sink, where);
        settings.Log.OutputBack(where, lasted);
    }

    /// <summary>Throws once it has lasted for as long as it may.</summary>
    /// <exception cref="SinkUnavailableException">It has.</exception>
    public void ThrowIfTooLong(Exception last)
    {
        lock (_gate)
            if (!_lasts || Limit == Timeout.InfiniteTimeSpan || settings.Clock.GetElapsedTime(_began) < Limit)
                return;
        throw new SinkUnavailableException($"{where}: nothing could be committed for {Limit}: {last.Message}", last) { Broker = true };
    }
}
