namespace Pipeline.Metrics;

/// <summary>What a metric is.</summary>
internal enum MetricKind
{
    /// <summary>A count that only grows.</summary>
    Counter,

    /// <summary>A value that goes up and down.</summary>
    Gauge,

    /// <summary>How often which duration was seen.</summary>
    Histogram,

    /// <summary>A histogram of something that is done, with how often it is done.</summary>
    Timer,

    /// <summary>A score from 0 to 1.</summary>
    Apdex,
}

/// <summary>Which part of the job a metric is about; reports are ordered by it.</summary>
internal enum MetricContext
{
    /// <summary>What is read.</summary>
    Source,

    /// <summary>What becomes of events, and the watermark.</summary>
    Join,

    /// <summary>Windows.</summary>
    Window,

    /// <summary>What is written.</summary>
    Sink,

    /// <summary>State and checkpoints.</summary>
    State,

    /// <summary>Whether samples are as they should be.</summary>
    Quality,

    /// <summary>Blocks and the process.</summary>
    Runtime,
}

/// <summary>One metric: all that outputs, documents and tests are made from.</summary>
/// <param name="Name">OpenTelemetry name, in parts by dots.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Unit">UCUM: <c>s</c>, <c>By</c>, <c>1</c> for a ratio, <c>{…}</c> for things that are counted.</param>
/// <param name="Context">What it is about.</param>
/// <param name="Description">What it tells, in one sentence.</param>
/// <param name="Worry">When an operator should worry.</param>
internal sealed record MetricDefinition(string Name, MetricKind Kind, string Unit, MetricContext Context, string Description, string Worry)
{
    /// <summary>Names of its labels.</summary>
    public string[] Labels { get; init; } = [];

    /// <summary>The label by which a count is parted into items in reports; null: it is not.</summary>
    public string? Item { get; private init; }

    /// <summary>Of a counter: whether reports have its rate too.</summary>
    public bool HasRate { get; private init; }

    /// <summary>The same, with its rate in reports.</summary>
    public MetricDefinition Rated() => this with { HasRate = true };

    /// <summary>The same, parted into items by a label.</summary>
    public MetricDefinition By(string label) => this with { Item = label };

    /// <summary>The same, with a label.</summary>
    public MetricDefinition Labelled(string label) => this with { Labels = [label] };

    /// <inheritdoc/>
    public override string ToString() => Name;
}
