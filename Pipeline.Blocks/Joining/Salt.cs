using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>One of the pre-aggregators of a lane's hot keys: its share of their events waits here, and goes on to the lane sorted, without duplicates, and condensed.</summary>
/// <remarks>
/// <para>
/// Duplicates have the same salt, so they meet here and nowhere else. Events of one key, stream and millisecond become one entry: the first in the order, with its payload,
/// and the number of the others. Windows begin and end at whole milliseconds, so all of them are in the same window, or in none: that is exact whatever windows the lane cuts
/// later. Of an action only key and time count, so nothing else goes on; but where orphaned ones become dead letters each goes on by itself.
/// (A label policy with a revision for the state right after the first action needs the first of a condensed entry applied by itself.)
/// </para>
/// <para>Worked example, one key: exposures a and b and clicks c and d, all of 10:00:00.000, and c once more: two entries, an exposure a that stands for 2, a click for 2; one duplicate.</para>
/// Threading: one thread at a time. Ownership: owns the buffer. Use: <see cref="Accept"/>, then <see cref="Condense"/> until it says that nothing is left.
/// </remarks>
public sealed class Salt : IDisposable
{
    private readonly SaltOptions _options;
    private readonly ReorderBuffer _reorder;
    private long _watermark = SourcePartition.NoTime;
    private long _turn;
    private (long Time, long At) _arrived = (SourcePartition.NoTime, SourcePartition.NoTime);

    /// <summary>An empty salt.</summary>
    public Salt(SaltOptions options, ReorderBuffer reorder)
    {
        _options = options;
        _reorder = reorder;
    }

    /// <summary>Number of its lane.</summary>
    public int Lane => _options.Lane;

    /// <summary>The events that wait, for their numbers.</summary>
    public ReorderBuffer Reorder => _reorder;

    /// <summary>A budget in common with the lane's own buffer and its other salts; null: the buffer's own.</summary>
    public ReorderShare? Share { private get; init; }

    /// <summary>Takes a batch's events and its watermark.</summary>
    public void Accept(LaneBatch batch)
    {
        Share?.Divide(1 + _options.Salt, _reorder);
        // Now and then, at a barrier: the memory of a key that has turned cool is the lane's.
        if (batch.Barrier is not null && (_reorder.IsEmpty || _reorder.MemoryBytes > _reorder.Budget)) _reorder.LetGoOfIdle();
        RecordBatch? records = batch.Records;
        for (int i = 0; i < batch.Count; i++)
        {
            ref readonly ParsedEvent parsed = ref records!.Events[batch.Events[i]];
            _reorder.Add(parsed, _options.Ranks[parsed.Stream], records);
        }
        if (batch.Count > 0) _arrived = (records!.Events[batch.Events[batch.Count - 1]].Time, records.At);
        if (batch.Watermark > _watermark) _watermark = batch.Watermark;
        _turn = batch.Turn;
    }

    /// <summary>
    /// Fills a batch with what is below the watermark. True when it is full before all is in it: hand it on, it says itself how far it goes, and call again. False when
    /// nothing is left: the batch brings the watermark and the turn, and goes on even if empty.
    /// </summary>
    public bool Condense(SaltBatch output)
    {
        output.From(_options.Salt);
        do
        {
            while (_reorder.TryNext(out ReorderEntry entry, out bool duplicate))
            {
                if (output.BytesUsed >= _options.BatchBytes)
                {
                    // Everything before the next event is sent.
                    output.Watermark = entry.Time;
                    output.Turn = _turn - 1;
                    return true;
                }
                output.Taken[entry.Rank]++;
                if (duplicate) output.Duplicates[entry.Rank]++;
                else Pass(entry, output);
                _reorder.Step();
            }
        }
        while (_reorder.TryOpenRun(_watermark));
        output.Watermark = _watermark;
        output.Turn = _turn;
        output.Arrived = _arrived;
        _arrived = (SourcePartition.NoTime, SourcePartition.NoTime);
        return false;
    }

    /// <summary>The events that wait now, as they came, for the lane's snapshot. Between batches, and when the one before is over.</summary>
    internal ReorderSnapshot BeginSnapshot() => _reorder.BeginSnapshot();

    /// <inheritdoc/>
    public void Dispose() => _reorder.Dispose();

    private void Pass(in ReorderEntry entry, SaltBatch output)
    {
        WaitingHead head = _reorder.Read(entry, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> id, out ReadOnlySpan<byte> payload);
        bool single = entry.Rank != 0 && _options.KeepLetters;
        if (!single && output.EntryCount > 0)
        {
            ref SaltedEntry last = ref output.Entries[output.EntryCount - 1];
            if (last.Time == entry.Time && last.Rank == entry.Rank && last.Key == entry.Key && last.Also < ReorderEntry.MostAlso && output.KeyOf(last).SequenceEqual(key))
            {
                last.Also++;
                return;
            }
        }
        if (single || entry.Rank == 0) output.Add(entry, head, key, id, payload);
        else output.Add(entry, head, key, default, default);
    }
}
