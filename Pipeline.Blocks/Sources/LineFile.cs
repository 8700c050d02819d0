using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sources;

/// <summary>Reads one file, plain or gzip, line by line into batches.</summary>
/// <remarks>
/// A line counts once its newline is there; a carriage return before it is trimmed, a byte order mark at the file's start is skipped (positions count
/// both). Blocks of <see cref="BlockBytes"/> are read into the batch's own buffer, where the lines stay: no copy but of what the last block had beyond the batch,
/// one vectorised search and no allocation a line. Memory is bounded by the record limit: of a longer line only its position is kept.
/// Threading: one caller at a time. Errors: damaged or cut gzip data throws <see cref="InvalidDataException"/>; see <see cref="FileBytes"/>.
/// </remarks>
internal sealed class LineFile : IDisposable
{
    /// <summary>Bytes asked for at once. Half of it, on average, is copied out of a batch and into the next.</summary>
    /// <remarks>Other sizes were not measured. Reading into the batches took a record from 202 to 59 ns (perf/results/2026-11-28.md: "One core and two").</remarks>
    public const int BlockBytes = 64 << 10;

    /// <summary>A batch is full at about this size: with a block more it fits into an array of 1 MiB, and is below what the batch pool keeps.</summary>
    public const int BatchBytes = (1 << 20) - (2 * BlockBytes);

    private const long NotSkipping = -1;
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];
    private readonly string _path;
    private readonly int _maxRecordBytes;
    private readonly FileBytes _raw;
    private readonly Stream _bytes;
    private readonly bool _bounded;
    // What was read and not handed over yet, from the start of a line.
    private byte[] _kept = [];
    private int _keptBytes;
    // While a batch is filled, in its buffer: what is handed over ends at the first, what is read at the last; what is to be hashed begins at _hashed.
    private int _start, _end;
    private int _hashed;
    private int _searched;
    private long _position;
    private long _oversizedAt = NotSkipping;
    private readonly FileFingerprint _fingerprint;
    private ulong _fingerprintAtOversized;

    /// <summary>Opens a file to read from a position, which is that of a line's first decompressed byte.</summary>
    /// <param name="path">The file; its ending <c>.gz</c> says that it is compressed.</param>
    /// <param name="position">Decompressed bytes before the first line to read.</param>
    /// <param name="limit">Bytes of the file itself that count; <see cref="long.MaxValue"/>: all there will ever be.</param>
    /// <param name="maxRecordBytes">Longest line whose bytes are kept.</param>
    /// <param name="before">Fingerprint of the bytes before the position, which is carried on; null: of none.</param>
    public LineFile(string path, long position, long limit, int maxRecordBytes, FileFingerprint? before = null)
    {
        _fingerprint = before ?? new FileFingerprint();
        (_path, _maxRecordBytes, _position, _bounded) = (path, maxRecordBytes, position, limit != long.MaxValue);
        _raw = new FileBytes(path, limit);
        bool compressed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        _bytes = compressed ? GzipBytes.Open(_raw, BlockBytes) : _raw;
        if (!compressed) _raw.Position = position;
        else SkipTo(position);
    }

    /// <summary>Decompressed bytes before the first line that was not handed over.</summary>
    public long Position => _oversizedAt == NotSkipping ? _position : _oversizedAt;

    /// <summary>Fingerprint of the bytes before <see cref="Position"/>.</summary>
    public ulong Fingerprint => _oversizedAt == NotSkipping ? _fingerprint.Value : _fingerprintAtOversized;

    /// <summary>Bytes of the file itself that were read.</summary>
    public long RawPosition => _raw.Position;

    /// <summary>The end found when last reading lies inside a gzip member, so that more must come.</summary>
    public bool EndsInsideMember { get; private set; }

    /// <summary>Fills an empty batch with lines; tells whether the file has more now.</summary>
    /// <param name="batch">Empty.</param>
    /// <param name="maxRecords">Records at which the batch is full.</param>
    public bool Fill(RecordBatch batch, int maxRecords)
    {
        if (batch.BytesUsed > 0) throw new ArgumentException("The batch is not empty.", nameof(batch));
        batch.EnsureBytes(_keptBytes + BlockBytes);
        _kept.AsSpan(0, _keptBytes).CopyTo(batch.Bytes);
        (_start, _hashed, _end) = (0, 0, _keptBytes);
        bool more = FillOn(batch, maxRecords);
        TakeIn(batch);
        batch.BytesUsed = _start;
        _keptBytes = _end - _start;
        if (_kept.Length < _keptBytes) _kept = GC.AllocateUninitializedArray<byte>(Math.Max(_keptBytes, _kept.Length * 2));
        batch.Bytes.AsSpan(_start, _keptBytes).CopyTo(_kept);
        return more;
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private bool FillOn(RecordBatch batch, int maxRecords)
    {
        while (true)
        {
            TakeLines(batch, maxRecords);
            if (batch.RecordCount >= maxRecords || _start >= BatchBytes) return true;
            if (ReadBlock(batch)) continue;
            if (_bounded) TakeLastLine(batch);
            return false;
        }
    }

    private void TakeLines(RecordBatch batch, int maxRecords)
    {
        byte[] bytes = batch.Bytes;
        while (batch.RecordCount < maxRecords && _start < BatchBytes)
        {
            int found = bytes.AsSpan(_start + _searched, _end - _start - _searched).IndexOf((byte)'\n');
            if (found < 0)
            {
                _searched = _end - _start;
                break;
            }
            int whole = _searched + found;
            int length = TrimmedLength(bytes, whole);
            if (_oversizedAt != NotSkipping || length > _maxRecordBytes)
            {
                batch.Add(new RawRecord(0, RawRecord.Oversized, Position, SourcePartition.NoTime));
                _oversizedAt = NotSkipping;
            }
            else
            {
                batch.Add(new RawRecord(_start, length, _position, SourcePartition.NoTime));
            }
            Advance(whole + 1);
        }
        int kept = _oversizedAt == NotSkipping ? _maxRecordBytes : 0;
        if (_searched - 1 > kept) SkipOversized(batch);
    }

    private int TrimmedLength(byte[] bytes, int length) => length > 0 && bytes[_start + length - 1] == '\r' ? length - 1 : length;

    private void Advance(int bytes)
    {
        _start += bytes;
        _position += bytes;
        _searched = 0;
    }

    /// <summary>Lets go of what there is of a line over the limit; the next block takes its place.</summary>
    private void SkipOversized(RecordBatch batch)
    {
        int line = _start;
        if (_oversizedAt == NotSkipping)
        {
            TakeIn(batch);
            _fingerprintAtOversized = _fingerprint.Value;
            _oversizedAt = _position;
        }
        Advance(_end - _start);
        TakeIn(batch);
        _start = _end = _hashed = line;
    }

    private void TakeLastLine(RecordBatch batch)
    {
        int length = TrimmedLength(batch.Bytes, _end - _start);
        if (_oversizedAt != NotSkipping || length > _maxRecordBytes) batch.Add(new RawRecord(0, RawRecord.Oversized, Position, SourcePartition.NoTime));
        else if (_end > _start) batch.Add(new RawRecord(_start, length, _position, SourcePartition.NoTime));
        _oversizedAt = NotSkipping;
        Advance(_end - _start);
    }

    /// <summary>Hashes what was handed over since the last time: runs of lines, for a call a line costs more than its bytes.</summary>
    private void TakeIn(RecordBatch batch)
    {
        _fingerprint.Append(batch.Bytes.AsSpan(_hashed, _start - _hashed));
        _hashed = _start;
    }

    private bool ReadBlock(RecordBatch batch)
    {
        if (batch.Bytes.Length - _end < BlockBytes)
        {
            batch.BytesUsed = _end;
            batch.EnsureBytes(BlockBytes);
        }
        int read = ReadBytes(batch.Bytes.AsSpan(_end, BlockBytes));
        _end += read;
        if (_position == 0 && _oversizedAt == NotSkipping && batch.Bytes.AsSpan(0, _end).StartsWith(ByteOrderMark)) Advance(ByteOrderMark.Length);
        return read > 0;
    }

    private int ReadBytes(Span<byte> target)
    {
        EndsInsideMember = false;
        try
        {
            return _bytes.Read(target);
        }
        catch (InvalidDataException damaged)
        {
            bool cut = !_bounded && RawAtEnd;
            if (!cut) throw new InvalidDataException($"{_path}: gzip data damaged or cut near its byte {RawPosition}, decompressed byte {_position + _end - _start}", damaged);
            EndsInsideMember = true;
            return 0;
        }
    }

    private bool RawAtEnd => _raw.Position >= new FileInfo(_path).Length;

    private void SkipTo(long position)
    {
        byte[] skipped = GC.AllocateUninitializedArray<byte>((int)Math.Min(BlockBytes, position));
        for (long done = 0; done < position;)
        {
            int read = ReadBytes(skipped.AsSpan(0, (int)Math.Min(skipped.Length, position - done)));
            if (read == 0) throw new SourceChangedException(_path, $"{position} decompressed bytes", $"{done}");
            done += read;
        }
    }
}
