using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>
/// Records of a table's log on disk, read together by their addresses: one system call and no more for each, where the store takes an operation to queue, a buffer of whole sectors and a call back.
/// </summary>
/// <remarks>
/// Only below the log's head, where everything is written for good. Whether a record is the key's is for the reader to see: keys of one bucket may share an address.
/// Threading: one thread; where the disk is slow others read beside it (<see cref="PollPace"/>). Memory: <see cref="Most"/> records, keys and addresses, 48 KiB with one action stream, not counted to the budget. Errors: set the device's fault, and the bytes are zeros.
/// </remarks>
internal sealed class ColdRecords
{
    /// <summary>Records read together: bounds the memory, and is many times what a disk takes at once.</summary>
    public const int Most = 512;

    private readonly StateDevice _device;
    private readonly int _recordBytes;
    private readonly KeyHash[] _keys = new KeyHash[Most];
    private readonly long[] _addresses = new long[Most];
    private readonly byte[] _bytes;
    private readonly Action<int> _readOne;

    /// <summary>None yet.</summary>
    /// <param name="device">The log's files.</param>
    /// <param name="recordBytes">Bytes of a record, which never spans two files.</param>
    public ColdRecords(StateDevice device, int recordBytes)
    {
        (_device, _recordBytes) = (device, recordBytes);
        _bytes = new byte[Most * recordBytes];
        _readOne = ReadOne;
    }

    /// <summary>Records added since the last <see cref="Clear"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a record that may be a key's. There must be room.</summary>
    public void Add(KeyHash key, long address)
    {
        _keys[Count] = key;
        _addresses[Count++] = address;
    }

    /// <summary>Reads all that were added.</summary>
    public void Read()
    {
        PollPace pace = PollPace.Begin(Count);
        for (int i = 0; i < Count; i++)
        {
            ReadOne(i);
            if (!pace.IsSlowAfterRead(Count - i - 1)) continue;
            Parallel.For(i + 1, Count, new ParallelOptions { MaxDegreeOfParallelism = PollPace.MostInParallel }, _readOne);
            return;
        }
    }

    /// <summary>The key that a record was added for.</summary>
    public KeyHash KeyOf(int record) => _keys[record];

    /// <summary>Bytes of a record that was read.</summary>
    public ReadOnlySpan<byte> this[int record] => _bytes.AsSpan(record * _recordBytes, _recordBytes);

    /// <summary>Makes room.</summary>
    public void Clear() => Count = 0;

    private void ReadOne(int record) => _device.Read(_addresses[record], _bytes.AsSpan(record * _recordBytes, _recordBytes));
}
