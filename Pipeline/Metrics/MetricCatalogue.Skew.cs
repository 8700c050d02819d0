namespace Pipeline.Metrics;

/// <content>Hot keys.</content>
internal static partial class MetricCatalogue
{
    public static MetricDefinition HotKeyShare { get; } = Gauge(
        "pipeline.hot_key.share", "1", MetricContext.Join, "Share of recent events that a hot key takes, of the ten hottest; its key, or the key's hash with skew.mask_keys, its lane and over how many salts it is spread; - while none is.",
        "one key takes most: a robot, or a missing value that is taken for a key", "key", "lane", "salts");

    public static MetricDefinition HotKeys { get; } = Counter(
        "pipeline.hot_keys", "{key}", MetricContext.Join, "Times that a key turned hot in this process.", "its rate is not near 0: keys turn hot and cool all the time, skew.hot_share is at their share");

    public static MetricDefinition StreamSurplus { get; } = Counter(
        "pipeline.stream.surplus", "{payload}", MetricContext.Join, "Payloads of waiting actions dropped beyond skew.max_events_per_window in this process; counts and delays stay exact, their dead letters have the position only.",
        "not 0", "stream").By("stream");
}
