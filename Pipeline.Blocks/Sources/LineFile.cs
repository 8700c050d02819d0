using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sources;

/// <summary>Reads one file, plain or gzip, line by line into batches.</summary>
/// <remarks>
/// A line counts once its newline is there; a carriage return before it is trimmed, a byte order mark at the file's start is skipped (positions count
/// both). Blocks of <see cref="BlockBytes"/> are read into one buffer, and whole runs of lines are copied from there: one copy a byte, one vectorised
/// search and no allocation a line. Memory is bounded by the record limit: of a longer line only its position is kept.
/// Threading: one caller at a time. Errors: damaged or cut gzip data throws <see cref="InvalidDataException"/>; see <see cref="FileBytes"/>.
/// </remarks>
internal sealed class LineFile : IDisposable
{
    /// <summary>Bytes asked for at once.</summary>
    public const int BlockBytes = 256 << 10;

    /// <summary>A batch is full at about this size; below what the batch pool keeps.</summary>
    public const int BatchBytes = 1 << 20;

    private const long NotSkipping = -1;
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];
    private readonly string _path;
    private readonly int _maxRecordBytes;
    private readonly FileBytes _raw;
    private readonly Stream _bytes;
    private readonly bool _bounded;
    private byte[] _buffer;
    private int _start, _end;
    private int _searched;
    private long _position;
    private long _oversizedAt = NotSkipping;
    private readonly FileFingerprint _fingerprint;
    private int _hashed;
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
        _buffer = GC.AllocateUninitializedArray<byte>(BlockBytes + (16 << 10));
        if (!compressed) _raw.Position = position;
        else SkipTo(position);
    }

    /// <summary>Decompressed bytes before the first line that was not handed over.</summary>
    public long Position => _oversizedAt == NotSkipping ? _position : _oversizedAt;

    /// <summary>Fingerprint of the bytes before <see cref="Position"/>.</summary>
    public ulong Fingerprint
    {
        get
        {
            if (_oversizedAt != NotSkipping) return _fingerprintAtOversized;
            TakeIn();
            return _fingerprint.Value;
        }
    }

    /// <summary>Bytes of the file itself that were read.</summary>
    public long RawPosition => _raw.Position;

    /// <summary>The end found when last reading lies inside a gzip member, so that more must come.</summary>
    public bool EndsInsideMember { get; private set; }

    /// <summary>Appends lines until the batch is full or the file has no more now; tells whether it has more.</summary>
    /// <param name="batch">Filled from where it stands.</param>
    /// <param name="maxRecords">Records at which the batch is full.</param>
    public bool Fill(RecordBatch batch, int maxRecords)
    {
        while (true)
        {
            TakeLines(batch, maxRecords);
            if (batch.RecordCount >= maxRecords || batch.BytesUsed >= BatchBytes) return true;
            if (ReadBlock()) continue;
            if (_bounded) TakeLastLine(batch);
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private void TakeLines(RecordBatch batch, int maxRecords)
    {
        int run = _start;
        while (batch.RecordCount < maxRecords && batch.BytesUsed + (_start - run) < BatchBytes)
        {
            int found = _buffer.AsSpan(_start + _searched, _end - _start - _searched).IndexOf((byte)'\n');
            if (found < 0)
            {
                _searched = _end - _start;
                break;
            }
            int length = TrimmedLength(_searched + found);
            if (_oversizedAt != NotSkipping || length > _maxRecordBytes)
            {
                CopyRun(batch, run, _start);
                batch.Add(new RawRecord(0, RawRecord.Oversized, Position, SourcePartition.NoTime));
                _oversizedAt = NotSkipping;
                run = _start + _searched + found + 1;
            }
            else
            {
                batch.Add(new RawRecord(batch.BytesUsed + _start - run, length, _position, SourcePartition.NoTime));
            }
            Advance(_searched + found + 1);
        }
        CopyRun(batch, run, _start);
        int kept = _oversizedAt == NotSkipping ? _maxRecordBytes : 0;
        if (_searched - 1 > kept) SkipOversized();
    }

    private int TrimmedLength(int length) => length > 0 && _buffer[_start + length - 1] == '\r' ? length - 1 : length;

    private void Advance(int bytes)
    {
        _start += bytes;
        _position += bytes;
        _searched = 0;
    }

    private void CopyRun(RecordBatch batch, int from, int to)
    {
        if (from >= to) return;
        batch.EnsureBytes(to - from);
        _buffer.AsSpan(from, to - from).CopyTo(batch.Bytes.AsSpan(batch.BytesUsed));
        batch.BytesUsed += to - from;
    }

    private void SkipOversized()
    {
        if (_oversizedAt == NotSkipping)
        {
            _fingerprintAtOversized = Fingerprint;
            _oversizedAt = _position;
        }
        Advance(_end - _start);
    }

    private void TakeLastLine(RecordBatch batch)
    {
        int length = TrimmedLength(_end - _start);
        if (_oversizedAt != NotSkipping || length > _maxRecordBytes) batch.Add(new RawRecord(0, RawRecord.Oversized, Position, SourcePartition.NoTime));
        else if (_end > _start) batch.Add(_buffer.AsSpan(_start, length), _position, SourcePartition.NoTime);
        _oversizedAt = NotSkipping;
        Advance(_end - _start);
    }

    /// <summary>Hashes what was handed over since the last time: runs of lines, for a call a line costs more than its bytes.</summary>
    private void TakeIn()
    {
        if (_hashed < _start) _fingerprint.Append(_buffer.AsSpan(_hashed, _start - _hashed));
        _hashed = _start;
    }

    private bool ReadBlock()
    {
        TakeIn();
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end, _hashed) = (0, _end - _start, 0);
        }
        if (_buffer.Length - _end < BlockBytes / 2) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _end + BlockBytes));
        int read = ReadBytes(_buffer.AsSpan(_end));
        _end += read;
        if (_position == 0 && _oversizedAt == NotSkipping && _buffer.AsSpan(0, _end).StartsWith(ByteOrderMark)) Advance(ByteOrderMark.Length);
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
        long skipped = 0;
        while (skipped < position)
        {
            int read = ReadBytes(_buffer.AsSpan(0, (int)Math.Min(_buffer.Length, position - skipped)));
            if (read == 0) throw new SourceChangedException(_path, $"{position} decompressed bytes", $"{skipped}");
            skipped += read;
        }
    }
}
