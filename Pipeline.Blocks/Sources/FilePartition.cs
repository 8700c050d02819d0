using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sources;

/// <summary>One file being read: where it stands, and what the source has to know to choose what to read next.</summary>
/// <remarks>Threading: the source's loop only. The file is opened when it is first read and closed at its end.</remarks>
internal sealed class FilePartition : IDisposable
{
    private readonly SourceContext _context;
    private readonly long _start;
    private readonly FileFingerprint _before;
    private LineFile? _lines;
    private bool _begun;
    private long _timeSeen = SourcePartition.NoTime;

    /// <param name="partition">The registered partition; its source is the path.</param>
    /// <param name="context">What the source was given.</param>
    /// <param name="start">Position of the first line to read.</param>
    /// <param name="before">Fingerprint of the bytes before that.</param>
    public FilePartition(SourcePartition partition, SourceContext context, long start, FileFingerprint before)
    {
        (Partition, _context, _start, Position, _before, Fingerprint) = (partition, context, start, start, before, before.Value);
        partition.Columns = context.Columns;
        if (!IsCompressed) partition.KnownEnd = new FileInfo(partition.Source).Length;
    }

    /// <summary>The partition.</summary>
    public SourcePartition Partition { get; }

    /// <summary>Everything the file had when it was last asked is read.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>Nothing follows.</summary>
    public bool Ended { get; private set; }

    /// <summary>Batches handed over since the partition's event time last moved: what is in flight, about.</summary>
    public int Unseen { get; private set; }

    /// <summary>Turn of the loop at which it was last read.</summary>
    public long LastTurn { get; private set; }

    /// <summary>When it was last said to be caught up; <see cref="long.MinValue"/> when it had more since.</summary>
    public long CaughtUpAt { get; set; } = long.MinValue;

    /// <summary>Position up to which everything was handed over.</summary>
    public long Position { get; private set; }

    /// <summary>Fingerprint of the bytes before <see cref="Position"/>.</summary>
    public ulong Fingerprint { get; private set; }

    /// <summary>Its length when the source opened, where that is of interest; else 0.</summary>
    public long FoundLength { get; set; }

    /// <summary>Bytes of the file itself that are handed over; of a compressed one, that are read.</summary>
    public long ReadTo => IsCompressed ? _lines?.RawPosition ?? 0 : Position;

    /// <summary>The file ends inside a gzip member: it is at its end, but not complete.</summary>
    public bool EndsInsideMember => _lines is { EndsInsideMember: true };

    /// <summary>Reads the header row, where there is one already: the columns are known before the first record. Leaves the file closed.</summary>
    public void FindColumns()
    {
        if (!_context.Header || Partition.Columns.Count > 0) return;
        Begin();
        Dispose();
        _begun = false;
    }

    /// <summary>Fills a batch with the next lines; it may stay empty at the end.</summary>
    public void Read(RecordBatch batch, long turn)
    {
        LastTurn = turn;
        Unseen++;
        batch.Partition = Partition;
        bool more = (_begun || Begin()) && Lines().Fill(batch, _context.BatchRecords);
        Position = Math.Max(_start, _lines?.Position ?? _start);
        if (_lines is not null && _lines.Position >= _start) Fingerprint = _lines.Fingerprint;
        batch.PositionAfter = Position;
        batch.Fingerprint = Fingerprint;
        AtEnd = !more;
        if (more || batch.RecordCount > 0) CaughtUpAt = long.MinValue;
        if (!AtEnd || !_context.UntilEnd) return;
        Ended = true;
        batch.Notice = PartitionNotice.Ended;
        Dispose();
    }

    /// <summary>Asks for the file's length; anything new clears <see cref="AtEnd"/>.</summary>
    /// <exception cref="SourceChangedException">The file is gone or shorter than what was read.</exception>
    public void Poll()
    {
        long read = _lines?.RawPosition ?? 0;
        var file = new FileInfo(Partition.Source);
        if (!file.Exists) throw new SourceChangedException(Partition.Source, $"a file of {read} bytes or more", "none");
        if (file.Length < read) throw new SourceChangedException(Partition.Source, $"{read} bytes or more", $"{file.Length}");
        if (file.Length > read) AtEnd = false;
        if (!IsCompressed) Partition.KnownEnd = file.Length;
    }

    /// <summary>Takes note of the partition's event time, as far as the flow has come with it.</summary>
    public long Observe()
    {
        long time = Partition.MaxEventTime;
        if (time != _timeSeen) (_timeSeen, Unseen) = (time, 0);
        return time;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lines?.Dispose();
        _lines = null;
    }

    private bool IsCompressed => Partition.Source.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    private LineFile Lines() => _lines ??= new LineFile(Partition.Source, _start, Partition.End, _context.MaxRecordBytes, _start > 0 ? _before : null);

    /// <summary>Takes the header row, whatever the start; false while the file does not have one yet.</summary>
    private bool Begin()
    {
        if (!_context.Header) return _begun = true;
        var row = new RecordBatch(pool: null);
        _lines ??= new LineFile(Partition.Source, 0, Partition.End, _context.MaxRecordBytes);
        _lines.Fill(row, maxRecords: 1);
        if (row.RecordCount == 0) return false;
        RawRecord header = row.Records[0];
        if (header.Length == RawRecord.Oversized) throw new InvalidDataException($"{Partition.Source}: the header row is longer than {_context.MaxRecordBytes} bytes");
        if (Partition.Columns.Count == 0) Partition.Columns = CsvHeader.Parse(row.Bytes.AsSpan(header.Start, header.Length), _context.Delimiter);
        if (_start > _lines.Position) Dispose();
        return _begun = true;
    }
}
