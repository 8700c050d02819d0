using BenchmarkDotNet.Attributes;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;

namespace Pipeline.Perf.Micro;

/// <summary>The salts of a lane: a hot key's events dealt to four by the rule, ordered, and those of one stream and millisecond condensed to one entry. Every tenth event is a click.</summary>
public class SaltStage : IDisposable
{
    private const int Salts = 4;
    private const long DisorderMs = 500;
    private const int Rounds = 1_000;
    private readonly SaltRule _rule = new(StageRecords.Streams, Salts);
    private readonly LaneBatch[] _dealt = [.. Enumerable.Range(0, Salts).Select(static _ => new LaneBatch())];
    private readonly SaltBatch _output = new(2);
    private StageFolder _folder = null!;
    private Salt[] _salts = [];
    private RecordBatch _batch = null!;
    private long _time = StageRecords.T0;
    private long _entries;

    [GlobalSetup]
    public void Begin()
    {
        _folder = new StageFolder();
        _salts =
        [
            .. Enumerable.Range(0, Salts).Select(salt =>
                new Salt(new SaltOptions { Lane = 0, Salt = salt, Ranks = [0, 1] }, new ReorderBuffer(2, 64 << 20, _folder[$"salt-{salt}"], null))),
        ];
        _batch = StageRecords.Batches(1)[0];
        ParsedEvent hot = _batch.Events[0];
        foreach (ref ParsedEvent parsed in _batch.Events.AsSpan(0, _batch.EventCount))
            (parsed.Key, parsed.KeyStart, parsed.KeyLength) = (hot.Key, hot.KeyStart, hot.KeyLength);
        // Buffers and their pools grow.
        long taken = 0;
        for (int round = 0; round < Rounds; round++) taken += Condense();
        if (taken < Rounds * 9L / 10 * StageRecords.Count) throw new InvalidOperationException($"Only {taken} events went on.");
        if (_entries == 0 || _entries > taken / 5) throw new InvalidOperationException($"{taken} events became {_entries} entries.");
    }

    [GlobalCleanup]
    public void Dispose()
    {
        foreach (Salt salt in _salts) salt.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public long Condense()
    {
        for (int i = 0; i < _batch.EventCount; i++)
        {
            ref ParsedEvent parsed = ref _batch.Events[i];
            parsed.Time = _time + (i * 7 % StageRecords.BatchMs);
            _dealt[_rule.Of(parsed, _batch)].Add(i);
        }
        _time += StageRecords.BatchMs;
        long taken = 0;
        for (int salt = 0; salt < Salts; salt++)
        {
            LaneBatch dealt = _dealt[salt];
            dealt.Records = _batch;
            dealt.Watermark = _time - DisorderMs;
            _salts[salt].Accept(dealt);
            dealt.Clear();
            bool more;
            do
            {
                more = _salts[salt].Condense(_output);
                taken += _output.Taken[0] + _output.Taken[1];
                _entries += _output.EntryCount;
                _output.Clear();
            }
            while (more);
        }
        return taken;
    }
}
