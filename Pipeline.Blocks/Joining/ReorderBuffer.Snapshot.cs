using System.Buffers;
using System.Runtime.InteropServices;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <content>The waiting events are in the snapshot itself: those read from a source again would be late.</content>
public sealed partial class ReorderBuffer
{
    /// <summary>
    /// Decides what a snapshot of the events that wait now holds, without waiting for a disk. Between runs, and when the one before is over. The events are shared,
    /// and spilled pages stay until it is over.
    /// </summary>
    internal ReorderSnapshot BeginSnapshot()
    {
        if (_run.IsOpen) throw new InvariantException("The reorder buffer is asked for a snapshot in the middle of a run.");
        if (_run.Bucket is { } due) _run.Gather(due);
        var snapshot = new ReorderSnapshot(_spill, _buckets.Count) { Waiting = [.. _waiting] };
        _spill.Hold();
        foreach (ReorderBucket bucket in _buckets.Values) bucket.LendTo(snapshot, bucket == _run.Bucket ? _run.Left.ToArray() : null);
        return snapshot;
    }

    /// <summary>Passes over the events of a snapshot.</summary>
    internal static void Pass(SnapshotReader snapshot)
    {
        for (int length = snapshot.Read<int>(); length != 0; length = snapshot.Read<int>())
        {
            snapshot.Read<long>();
            snapshot.Read<KeyHash>();
            snapshot.Read<int>();
            snapshot.Skip(length);
        }
    }

    /// <summary>Takes the events of a snapshot into an empty buffer; spill files of an earlier one are deleted.</summary>
    public void Load(SnapshotReader snapshot)
    {
        _spill.DeleteFound();
        for (int length = snapshot.Read<int>(); length != 0; length = snapshot.Read<int>())
        {
            long time = snapshot.Read<long>();
            KeyHash key = snapshot.Read<KeyHash>();
            int rank = snapshot.Read<int>();
            ReorderBucket bucket = BucketOf(time);
            long before = bucket.MemoryBytes;
            snapshot.ReadBytes(bucket.Append(time, key, rank, length));
            _waiting[rank]++;
            _memory += bucket.MemoryBytes - before;
            if (MemoryBytes > Budget) MakeRoomSlow();
        }
    }
}

/// <summary>A reorder buffer's part of a snapshot that is not on disk yet.</summary>
/// <remarks>Threading: filled by the buffer's thread, finished by any. The buffer does not use bytes again that it shares with a snapshot before it is over.</remarks>
/// <param name="spill">Where spilled pages are read from.</param>
/// <param name="buckets">How many buckets it will have.</param>
internal sealed class ReorderSnapshot(PageFile spill, int buckets)
{
    private readonly List<LentBucket> _buckets = new(buckets);
    private volatile bool _over;

    /// <summary>Whether it needs no more of the buffer's memory.</summary>
    public bool IsOver => _over;

    /// <summary>Adds a bucket.</summary>
    public void Add(in LentBucket bucket) => _buckets.Add(bucket);

    /// <summary>Events in it, by rank.</summary>
    public long[] Waiting { get; init; } = [];

    /// <summary>Ends the events in a snapshot, of one buffer or more.</summary>
    public static void End(SnapshotWriter snapshot) => snapshot.Write(0);

    /// <summary>Writes every event, spilled ones too, into the snapshot.</summary>
    public void Finish(SnapshotWriter snapshot, CancellationToken stopping)
    {
        foreach (LentBucket bucket in _buckets)
        {
            foreach (ref readonly ReorderEntry entry in bucket.Gathered.AsSpan()) Save(entry, ReorderBucket.ContentAt(bucket.Chunks, entry.Start), snapshot);
            for (int chunk = 0; chunk < bucket.Chunks.Length && bucket.Gathered is null; chunk++)
                Save(new WaitingEvents(bucket.Chunks[chunk].AsSpan(0, bucket.Used[chunk])), snapshot);
            foreach (long number in bucket.SpilledPages)
            {
                stopping.ThrowIfCancellationRequested();
                byte[] page = ReorderBucket.ReadPage(spill, number, out WaitingEvents events);
                Save(events, snapshot);
                ArrayPool<byte>.Shared.Return(page);
            }
        }
    }

    /// <summary>Ends the sharing, once.</summary>
    public void Release()
    {
        if (_over) return;
        _over = true;
        _buckets.Clear();
        spill.Unhold();
    }

    private static void Save(WaitingEvents events, SnapshotWriter snapshot)
    {
        while (events.TryRead()) Save(events.Entry, events.Content, snapshot);
    }

    private static void Save(in ReorderEntry entry, ReadOnlySpan<byte> bytes, SnapshotWriter snapshot)
    {
        int length = WaitingEvents.LengthOf(bytes);
        snapshot.Write(length);
        snapshot.Write(entry.Time);
        snapshot.Write(entry.Key);
        if (entry.Also != ReorderEntry.Plain) throw new InvariantException("A condensed entry waits at a barrier: the salts are not where the lane is.");
        snapshot.Write((int)entry.Rank);
        snapshot.WriteBytes(bytes[..length]);
    }
}

/// <summary>What a bucket held when a snapshot began.</summary>
/// <param name="Chunks">Its chunks.</param>
/// <param name="Used">Bytes used of each.</param>
/// <param name="Gathered">The entries that are left, where some were given out; null: all.</param>
/// <param name="SpilledPages">What of it is on disk.</param>
internal readonly record struct LentBucket(byte[][] Chunks, int[] Used, ReorderEntry[]? Gathered, long[] SpilledPages);
