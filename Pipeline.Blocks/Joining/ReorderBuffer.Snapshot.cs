using System.Buffers;
using System.Runtime.InteropServices;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <content>The waiting events are in the snapshot itself: those read from a source again would be late.</content>
public sealed partial class ReorderBuffer
{
    /// <summary>
    /// Decides what a snapshot of the events that wait now holds, without waiting for a disk. Between runs, and when the one before is over. Entries are copied;
    /// the events' bytes are shared, and spilled pages stay until it is over.
    /// </summary>
    internal ReorderSnapshot BeginSnapshot()
    {
        if (_run is not null) throw new InvariantException("The reorder buffer is asked for a snapshot in the middle of a run.");
        int count = 0;
        foreach (ReorderBucket bucket in _buckets.Values) count += bucket.Count;
        ReorderEntry[] entries = ArrayPool<ReorderEntry>.Shared.Rent(count);
        var snapshot = new ReorderSnapshot(_spill, entries) { Waiting = [.. _waiting] };
        _spill.Hold();
        int copied = 0;
        foreach (ReorderBucket bucket in _buckets.Values) copied += bucket.LendTo(snapshot, entries.AsSpan(copied));
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
/// <param name="entries">Entries of all buckets, one bucket behind the other; of the shared pool.</param>
internal sealed class ReorderSnapshot(PageFile spill, ReorderEntry[] entries)
{
    private readonly List<(int Entries, byte[][] Chunks, long[] SpilledPages)> _buckets = [];
    private volatile bool _over;

    /// <summary>Whether it needs no more of the buffer's memory.</summary>
    public bool IsOver => _over;

    /// <summary>Adds a bucket whose entries are copied behind those of the one before.</summary>
    public void Add(int count, byte[][] chunks, long[] spilledPages) => _buckets.Add((count, chunks, spilledPages));

    /// <summary>Events in it, by rank.</summary>
    public long[] Waiting { get; init; } = [];

    /// <summary>Ends the events in a snapshot, of one buffer or more.</summary>
    public static void End(SnapshotWriter snapshot) => snapshot.Write(0);

    /// <summary>Writes every event, spilled ones too, into the snapshot.</summary>
    public void Finish(SnapshotWriter snapshot, CancellationToken stopping)
    {
        int from = 0;
        foreach ((int count, byte[][] chunks, long[] spilledPages) in _buckets)
        {
            foreach (ref readonly ReorderEntry entry in entries.AsSpan(from, count)) Save(entry, ReorderBucket.BytesAt(chunks, entry.Start), snapshot);
            from += count;
            foreach (long number in spilledPages)
            {
                stopping.ThrowIfCancellationRequested();
                byte[] page = SpilledEvents.Read(spill, number, out ReadOnlySpan<ReorderEntry> spilled, out ReadOnlySpan<byte> bytes);
                foreach (ref readonly ReorderEntry entry in spilled) Save(entry, bytes[entry.Start..], snapshot);
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
        ArrayPool<ReorderEntry>.Shared.Return(entries);
        spill.Unhold();
    }

    private static void Save(in ReorderEntry entry, ReadOnlySpan<byte> bytes, SnapshotWriter snapshot)
    {
        int length = SpilledEvents.LengthOf(bytes);
        snapshot.Write(length);
        snapshot.Write(entry.Time);
        snapshot.Write(entry.Key);
        if (entry.Also != ReorderEntry.Plain) throw new InvariantException("A condensed entry waits at a barrier: the salts are not where the lane is.");
        snapshot.Write((int)entry.Rank);
        snapshot.WriteBytes(bytes[..length]);
    }
}
