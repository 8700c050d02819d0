using System.Buffers;
using System.Runtime.InteropServices;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <content>The waiting events are in the snapshot itself: those read from a source again would be late.</content>
public sealed partial class ReorderBuffer
{
    private readonly LentChunks _lent = new();
    private ReorderSnapshot? _snapshot;

    /// <summary>
    /// Decides what a snapshot of the events that wait now holds, without waiting for a disk. Between runs, and when the one before is over. The events are shared,
    /// and spilled pages stay until it is over.
    /// </summary>
    internal ReorderSnapshot BeginSnapshot()
    {
        if (_run.IsOpen) throw new InvariantException("The reorder buffer is asked for a snapshot in the middle of a run.");
        if (_run.Bucket is { } due) _run.Gather(due);
        if (_snapshot is { IsOver: false }) throw new InvariantException("The reorder buffer is asked for a snapshot while the one before still shares its events.");
        ReorderSnapshot snapshot = _snapshot = new ReorderSnapshot(_spill, _lent) { Waiting = [.. _waiting] };
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
/// <param name="lent">Takes what it shares; empty, and nobody else's until the snapshot is over.</param>
internal sealed class ReorderSnapshot(PageFile spill, LentChunks lent)
{
    private volatile bool _over;

    /// <summary>Whether it needs no more of the buffer's memory.</summary>
    public bool IsOver => _over;

    /// <summary>Adds a bucket.</summary>
    /// <param name="chunks">Its chunks.</param>
    /// <param name="used">Bytes used of each but the last.</param>
    /// <param name="tailUsed">Bytes used of the last.</param>
    /// <param name="gathered">The entries that are left, where some were given out; null: all.</param>
    /// <param name="spilledPages">What of it is on disk.</param>
    public void Add(ReadOnlySpan<byte[]> chunks, ReadOnlySpan<int> used, int tailUsed, ReorderEntry[]? gathered, long[] spilledPages)
    {
        lent.Buckets.Add(new LentBucket(lent.Chunks.Count, chunks.Length, gathered, spilledPages));
        lent.Chunks.AddRange(chunks);
        lent.Used.AddRange(used);
        if (chunks.Length > 0) lent.Used.Add(tailUsed);
    }

    /// <summary>Events in it, by rank.</summary>
    public long[] Waiting { get; init; } = [];

    /// <summary>Ends the events in a snapshot, of one buffer or more.</summary>
    public static void End(SnapshotWriter snapshot) => snapshot.Write(0);

    /// <summary>Writes every event, spilled ones too, into the snapshot.</summary>
    public void Finish(SnapshotWriter snapshot, CancellationToken stopping)
    {
        foreach (LentBucket bucket in lent.Buckets)
        {
            ReadOnlySpan<byte[]> chunks = CollectionsMarshal.AsSpan(lent.Chunks).Slice(bucket.First, bucket.Count);
            foreach (ref readonly ReorderEntry entry in bucket.Gathered.AsSpan()) Save(entry, ReorderBucket.ContentAt(chunks, entry.Start), snapshot);
            for (int chunk = 0; chunk < chunks.Length && bucket.Gathered is null; chunk++)
                Save(new WaitingEvents(chunks[chunk].AsSpan(0, lent.Used[bucket.First + chunk])), snapshot);
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
        lent.Clear();
        spill.Unhold();
        // Last: from here on the next snapshot may begin.
        _over = true;
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

/// <summary>What a buffer shares with a snapshot, in lists that serve one snapshot after the other.</summary>
internal sealed class LentChunks
{
    /// <summary>Chunks of all buckets.</summary>
    public List<byte[]> Chunks { get; } = [];

    /// <summary>Bytes used of each.</summary>
    public List<int> Used { get; } = [];

    /// <summary>The buckets.</summary>
    public List<LentBucket> Buckets { get; } = [];

    /// <summary>Shares nothing.</summary>
    public void Clear()
    {
        Chunks.Clear();
        Used.Clear();
        Buckets.Clear();
    }
}

/// <summary>What a bucket held when a snapshot began.</summary>
/// <param name="First">Its first chunk in the list of all.</param>
/// <param name="Count">Its chunks.</param>
/// <param name="Gathered">The entries that are left, where some were given out; null: all.</param>
/// <param name="SpilledPages">What of it is on disk.</param>
internal readonly record struct LentBucket(int First, int Count, ReorderEntry[]? Gathered, long[] SpilledPages);
