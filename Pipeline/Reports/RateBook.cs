using Pipeline.Metrics;

namespace Pipeline.Reports;

/// <summary>The rates of every counter and timer that has them.</summary>
/// <remarks>Threading: any; locked.</remarks>
internal sealed class RateBook
{
    /// <summary>Time between two ticks.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, RateMeter> _meters = [];

    /// <summary>Takes the counts after so much time; zero at the start.</summary>
    public void Tick(MetricReadings readings, TimeSpan passed)
    {
        lock (_gate)
        {
            foreach (MetricReading reading in readings.All)
            {
                if (!reading.Metric.HasRate && reading.Metric.Kind != MetricKind.Timer) continue;
                if (!_meters.TryGetValue(reading.Series, out RateMeter? meter)) _meters.Add(reading.Series, new RateMeter(reading.Value));
                else meter.Tick(reading.Value, passed);
            }
        }
    }

    /// <summary>The rates of one series; 0 before its first tick.</summary>
    public Rates Of(MetricReading reading)
    {
        lock (_gate) return _meters.TryGetValue(reading.Series, out RateMeter? meter) ? meter.Read() : default;
    }
}
