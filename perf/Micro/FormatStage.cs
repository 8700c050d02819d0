using BenchmarkDotNet.Attributes;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Records;

namespace Pipeline.Perf.Micro;

/// <summary>Format: closed windows to JSON samples, the payload as it was written.</summary>
public class FormatStage
{
    private readonly SampleBatch _windows = new(1);
    private readonly OutputBatch _output = new();
    private ISampleFormatter _formatter = null!;
    private FormatResult _result = new() { JoinedActions = new long[1], InvalidActions = new long[1], InvalidByRule = [] };

    [GlobalSetup]
    public void Begin()
    {
        var directory = new PartitionDirectory();
        directory.Register("log", 0, [0], hasTimestamps: false);
        _formatter = SampleFormatters.Make(new SampleShape(StageRecords.Streams, 1_200_000, new OutputOptions()), directory);
        RecordBatch batch = StageRecords.Events(1);
        foreach (ref readonly ParsedEvent parsed in batch.Events.AsSpan(0, batch.EventCount))
        {
            ref ClosedWindow window = ref _windows.Add(
                batch.Arena.AsSpan(parsed.KeyStart, parsed.KeyLength), batch.Bytes.AsSpan(parsed.PayloadStart, parsed.PayloadLength));
            (window.Key, window.Start, window.Exposures) = (parsed.Key, parsed.Time, 1);
            // Windows lie in an array that is used again and again, and so do their cells.
            _windows.CellsOf(_windows.Count - 1)[0] = _windows.Count % 10 == 0 ? new ActionCell { Count = 1, FirstDelay = 1_234 } : default;
        }
        if (Json() == 0 || _output.Count != StageRecords.Count) throw new InvalidOperationException("Not every window became a sample.");
    }

    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public int Json()
    {
        _output.Clear();
        _formatter.Format(_windows, _output, ref _result, null);
        return _output.BytesUsed;
    }
}
