using BenchmarkDotNet.Attributes;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Records;

namespace Pipeline.Perf.Micro;

/// <summary>Parse: a record's fields, time, key and hash.</summary>
public class ParseStage
{
    private readonly RecordParser _parser = StageRecords.Parser();
    private RecordBatch _exposures = null!;
    private RecordBatch _clicks = null!;
    private RecordBatch _malformed = null!;

    [GlobalSetup]
    public void Begin()
    {
        _exposures = StageRecords.Lines(exposures: true);
        _clicks = StageRecords.Lines(exposures: false);
        _malformed = StageRecords.Lines(exposures: true);
        // Without the object's end: found out at the last byte.
        for (int i = 0; i < _malformed.RecordCount; i++) _malformed.Records[i] = _malformed.Records[i] with { Length = _malformed.Records[i].Length - 1 };
        if (Parse(_exposures) != EventOutcome.Event || Parse(_clicks) != EventOutcome.Event || Parse(_malformed) != EventOutcome.Malformed)
            throw new InvalidOperationException("The records are not what they should be.");
    }

    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public EventOutcome Exposure() => Parse(_exposures);

    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public EventOutcome Click() => Parse(_clicks);

    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public EventOutcome Malformed() => Parse(_malformed);

    private EventOutcome Parse(RecordBatch batch)
    {
        batch.EventCount = batch.ArenaUsed = 0;
        _parser.Parse(batch);
        return batch.Events[batch.EventCount - 1].Outcome;
    }
}
