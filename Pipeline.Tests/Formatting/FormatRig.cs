using System.Text;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Formatting;

/// <summary>
/// A formatter and the closed windows a test writes down. Streams in the order of the job: <c>click</c> (positive), <c>exposure</c>, <c>like</c> (not positive).
/// </summary>
internal sealed class FormatRig
{
    public const long Start = 1_764_000_000_000;
    private const int Exposure = 1;

    private readonly PartitionDirectory _directory = new();
    private readonly SampleBatch _batch = new(actionStreams: 2);
    private readonly OutputBatch _output = new();
    private readonly ISampleFormatter _formatter;

    /// <param name="output">What is tested.</param>
    /// <param name="key">Key paths.</param>
    /// <param name="columns">Columns of CSV exposures, one list for each of their files; none for JSON exposures.</param>
    /// <param name="lines">See <see cref="SampleShape"/>.</param>
    public FormatRig(OutputOptions output, string[]? key = null, string[][]? columns = null, bool lines = false)
    {
        foreach (string[] file in columns ?? [[]])
            _directory.Register($"exposure-{_directory.Count}", 0, [Exposure], hasTimestamps: false).Columns = file;
        StreamOptions exposure = Stream("exposure", StreamRole.Exposure) with
        {
            Key = key ?? ["user_id", "item_id"],
            Format = columns is null ? RecordFormat.Json : RecordFormat.Csv,
        };
        Shape = new SampleShape(
            [Stream("click", StreamRole.Action) with { Positive = true }, exposure, Stream("like", StreamRole.Action)],
            windowMs: 1_200_000, output, columns?[0], lines);
        _formatter = SampleFormatters.Make(Shape, _directory);
        Result = new FormatResult { JoinedActions = new long[2], InvalidActions = new long[2], InvalidByRule = new long[Shape.Rules] };
    }

    public SampleShape Shape { get; }

    public bool KeepLetters { get; set; } = true;

    public DeadLetterBatch Letters { get; } = new();

    public FormatResult Result;

    /// <summary>The samples' values.</summary>
    public string[] Values => [.. Records().Select(record => Text(record.ValueStart, record.ValueLength))];

    /// <summary>The samples' record keys.</summary>
    public string[] Keys => [.. Records().Select(record => Text(record.KeyStart, record.KeyLength))];

    /// <summary>What a file would hold: each value with the byte behind it.</summary>
    public string Lines => string.Concat(Records().Select(record => Text(record.ValueStart, record.ValueLength + 1)));

    /// <summary>Adds a window.</summary>
    public FormatRig Window(
        string payload, string[]? key = null, ActionCell click = default, ActionCell like = default,
        long start = Start, uint exposures = 1, uint revision = 0, int partition = 0)
    {
        var encoded = new byte[1024 + 4 * (key?.Sum(text => text.Length) ?? 0)];
        int length = 0;
        foreach (string text in key ?? ["u1", "i2"]) length += KeyEncoding.Append(encoded.AsSpan(length), Encoding.UTF8.GetBytes(text));
        ref ClosedWindow window = ref _batch.Add(encoded.AsSpan(0, length), Encoding.UTF8.GetBytes(payload));
        (window.Start, window.Exposures, window.Revision) = (start, exposures, revision);
        (window.Partition, window.Offset, window.Timestamp) = (partition, 1000 + _batch.Count, 2000 + _batch.Count);
        Span<ActionCell> cells = _batch.CellsOf(_batch.Count - 1);
        (cells[0], cells[1]) = (click, like);
        return this;
    }

    /// <summary>Formats the windows, and forgets what was formatted before.</summary>
    public FormatRig Format()
    {
        _output.Clear();
        _formatter.Format(_batch, _output, ref Result, KeepLetters ? Letters : null);
        return this;
    }

    public static ActionCell Actions(uint count, uint firstDelay) => new() { Count = count, FirstDelay = firstDelay };

    public static OutputOptions Selected(params string[] from) => new() { Features = [.. from.Select(path => new FeatureOptions { From = path })] };

    private static StreamOptions Stream(string name, StreamRole role) => new()
    {
        Name = name,
        Role = role,
        Source = new FileSourceOptions { Paths = [name] },
        Format = RecordFormat.Json,
        Key = ["user_id", "item_id"],
        Time = new EventTimeOptions { Field = "ts" },
    };

    private IEnumerable<OutputRecord> Records() => _output.Records.Take(_output.Count);

    private string Text(int start, int length) => Encoding.UTF8.GetString(_output.Bytes, start, length);
}
