using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Joining;

/// <summary>A table in memory that notes what it was hinted at, and asserts that each key of a run was, before it is applied.</summary>
internal sealed class HintedTable(long windowMs) : IWindowTable
{
    private readonly MemoryWindowTable _table = new(1, windowMs, WindowAnchor.Exposure, keepActions: false);

    /// <summary>Keys as they were hinted at, and as what lies behind was.</summary>
    public List<KeyHash> Hinted { get; } = [];

    public List<KeyHash> HintedBehind { get; } = [];

    public long MemoryBytes => _table.MemoryBytes;

    public long DiskBytes => _table.DiskBytes;

    public void Hint(ReadOnlySpan<KeyHash> keys) => Hinted.AddRange(keys);

    public void HintBehind(ReadOnlySpan<KeyHash> keys) => HintedBehind.AddRange(keys);

    public WindowUpdate Apply(in WindowEvent applied)
    {
        CollectionAssert.Contains(Hinted, applied.Key);
        CollectionAssert.Contains(HintedBehind, applied.Key);
        return _table.Apply(applied);
    }

    public void Enter() => _table.Enter();

    public void Leave() => _table.Leave();

    public bool TryRead(KeyHash key, out WindowState state, Span<ActionCell> cells) => _table.TryRead(key, out state, cells);

    public void Prefetch(ReadOnlySpan<KeyHash> keys, long time) => _table.Prefetch(keys, time);

    public void Advance(long appliedTime) => _table.Advance(appliedTime);

    public ITableSnapshot BeginSnapshot() => _table.BeginSnapshot();

    public void Load(SnapshotReader snapshot) => _table.Load(snapshot);

    public void Recover() => _table.Recover();

    public void KeepFrom(TableFloor floor) => _table.KeepFrom(floor);

    public void Dispose() => _table.Dispose();
}
