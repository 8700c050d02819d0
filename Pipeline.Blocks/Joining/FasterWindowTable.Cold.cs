using System.Runtime.InteropServices;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <content>
/// What is brought from where it lies before it is needed: windows on disk into memory, buckets and records in memory into the processor's cache.
/// A window on disk is read by the address that the index has for it and put in at the tail. Where the index cannot be looked into, or leads to another key's record, the store is asked for the same, which
/// costs it more than the read itself.
/// </content>
public sealed partial class FasterWindowTable<TCells>
{
    private readonly ColdRecords _cold;
    private int _asked;

    /// <summary>Whether windows on disk are read by this class, as wherever the index can be looked into; else by the store.</summary>
    internal bool ReadsCold { get; set; }

    /// <inheritdoc/>
    public void Prefetch(ReadOnlySpan<KeyHash> keys, long time)
    {
        if (_device.Fault is not null) Throw();
        if (AllInMemory) return;
        Hint(Group(keys, 0));
        Hint(Group(keys, 1));
        HintBehind(Group(keys, 0));
        for (int i = 0; i < keys.Length; i++)
        {
            if (i % IWindowTable.Hinted == 0)
            {
                Hint(Group(keys, (i / IWindowTable.Hinted) + 2));
                HintBehind(Group(keys, (i / IWindowTable.Hinted) + 1));
            }
            if (!ReadsCold) AskStore(keys[i], time);
            else if (IsCold(keys[i], out long record)) _cold.Add(keys[i], record);
            // Of what is dead nothing is left to be asked for; behind another key's record in memory there may be the key's on disk.
            else if (record >= _store.Log.HeadAddress) AskStore(keys[i], time);
            if (_cold.Count == ColdRecords.Most) BringIn(time);
        }
        BringIn(time);
    }

    /// <inheritdoc/>
    public void Hint(ReadOnlySpan<KeyHash> keys)
    {
        foreach (KeyHash key in keys) _index.Hint(HashOf(key));
    }

    /// <inheritdoc/>
    public void HintBehind(ReadOnlySpan<KeyHash> keys)
    {
        long head = _store.Log.HeadAddress;
        foreach (KeyHash key in keys) _index.HintBehind(HashOf(key), head);
    }

    private static ReadOnlySpan<KeyHash> Group(ReadOnlySpan<KeyHash> keys, int group)
    {
        int from = Math.Min(group * IWindowTable.Hinted, keys.Length);
        return keys.Slice(from, Math.Min(IWindowTable.Hinted, keys.Length - from));
    }

    private bool IsCold(KeyHash key, out long record)
    {
        record = _index.NewestOf(HashOf(key));
        return record < _store.Log.HeadAddress && record >= _store.Log.BeginAddress;
    }

    private bool TryReadCold(KeyHash key, out WindowRecord<TCells> window)
    {
        window = default;
        if (!ReadsCold || AllInMemory || !IsCold(key, out long at)) return false;
        LogRecord record = default;
        _device.ReadOn(at, MemoryMarshal.AsBytes(new Span<LogRecord>(ref record)));
        if (_device.Fault is not null) Throw();
        window = record.Window;
        return !record.Info.Invalid && record.Key == key;
    }

    private void BringIn(long time)
    {
        _cold.Read();
        if (_device.Fault is not null) Throw();
        for (int i = 0; i < _cold.Count; i++)
        {
            LogRecord record = MemoryMarshal.Read<LogRecord>(_cold[i]);
            if (record.Info.Invalid || record.Key != _cold.KeyOf(i)) AskStore(_cold.KeyOf(i), time);
            // Nothing was applied since the index was looked into: what was read is the window's latest state.
            else if (time < record.Window.State.Start + _windowMs) PutIn(in record);
        }
        _cold.Clear();
        Answer();
    }

    private void AskStore(KeyHash key, long time)
    {
        var touch = new WindowEvent { Time = time, Action = FasterWindowFunctions<TCells>.Touch };
        if (Read(ref key, ref touch).IsPending && ++_asked == ColdRecords.Most) Answer();
    }

    // Cold operations in flight at once are few: the store has a buffer of about 1 KiB for each.
    private void Answer()
    {
        if (_asked == 0) return;
        _asked = 0;
        Complete();
        if (_completions.Appended >= _appendsPerCheck) KeepToBudget();
    }
}
