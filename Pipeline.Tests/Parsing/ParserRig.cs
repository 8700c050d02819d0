using System.Text;
using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Parsing;

/// <summary>A parser over one partition that all its streams read.</summary>
internal sealed class ParserRig
{
    private readonly RecordParser _parser;
    private readonly SourcePartition _partition;

    public ParserRig(IReadOnlyList<StreamOptions> streams, ParseOptions? options = null, bool timestamps = false, IReadOnlyList<string>? header = null)
    {
        _parser = new RecordParser(streams, options ?? new ParseOptions());
        _partition = new SourcePartition(0, "log", 0, [.. Enumerable.Range(0, streams.Count)], timestamps) { Columns = header ?? [] };
    }

    public static StreamOptions Exposures(RecordFormat format = RecordFormat.Json) => new()
    {
        Name = "exposure",
        Role = StreamRole.Exposure,
        Source = new FileSourceOptions { Paths = ["log"] },
        Format = format,
        Key = ["user_id", "item_id"],
        Time = new EventTimeOptions { Field = "ts", Unit = TimeUnit.Milliseconds },
        EventId = "event_id",
    };

    public RecordBatch Batch(long at = 0)
    {
        RecordBatch batch = new RecordBatchPool().Rent();
        batch.Partition = _partition;
        batch.At = at;
        return batch;
    }

    public RecordBatch Parse(RecordBatch batch)
    {
        _parser.Parse(batch);
        return batch;
    }

    public ParsedEvent ParseOne(string record, long timestamp = SourcePartition.NoTime)
    {
        RecordBatch batch = Batch();
        batch.Add(Encoding.UTF8.GetBytes(record), 0, timestamp);
        return Parse(batch).Events[0];
    }

    public static string[] KeyTexts(RecordBatch batch, in ParsedEvent parsed)
    {
        var texts = new List<string>();
        ReadOnlySpan<byte> rest = batch.Arena.AsSpan(parsed.KeyStart, parsed.KeyLength);
        while (rest.Length > 0) texts.Add(Encoding.UTF8.GetString(KeyEncoding.Next(ref rest)));
        return [.. texts];
    }

    public static string Id(RecordBatch batch, in ParsedEvent parsed) => Encoding.UTF8.GetString(batch.Arena, parsed.IdStart, parsed.IdLength);

    public static string Payload(RecordBatch batch, in ParsedEvent parsed) => Encoding.UTF8.GetString(batch.Bytes, parsed.PayloadStart, parsed.PayloadLength);

    public static ParseOptions Bounds(int maxRecordBytes, TimeMode mode) => new() { MaxRecordBytes = maxRecordBytes, Mode = mode };
}
