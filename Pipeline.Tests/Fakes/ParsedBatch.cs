using System.Text;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Fakes;

/// <summary>An event as a test writes it down.</summary>
internal sealed record TestEvent(int Stream, string Key, long Time, string Id = "", string Payload = "{}");

/// <summary>Builds record batches that are parsed already, so that stages behind Parse are tested alone.</summary>
internal static class ParsedBatch
{
    public static SourcePartition Partition(int index = 0, params int[] streams) =>
        new(index, "log", index, streams.Length == 0 ? [0, 1] : streams, hasTimestamps: false);

    public static RecordBatch Of(SourcePartition partition, params IReadOnlyList<TestEvent> events)
    {
        RecordBatch batch = new RecordBatchPool().Rent();
        batch.Partition = partition;
        foreach (TestEvent item in events) Add(batch, item, EventOutcome.Event);
        return batch;
    }

    public static void Add(RecordBatch batch, TestEvent item, EventOutcome outcome, bool timeAccepted = true)
    {
        byte[] payload = Encoding.UTF8.GetBytes(item.Payload);
        byte[] key = Encoding.UTF8.GetBytes(item.Key);
        byte[] id = Encoding.UTF8.GetBytes(item.Id);
        int payloadStart = batch.BytesUsed;
        batch.Add(payload, batch.RecordCount, SourcePartition.NoTime);
        batch.EnsureArena(key.Length + KeyEncoding.FieldPrefix + id.Length);
        int keyStart = batch.ArenaUsed;
        int keyLength = KeyEncoding.Append(batch.Arena.AsSpan(keyStart), key);
        id.CopyTo(batch.Arena.AsSpan(keyStart + keyLength));
        batch.ArenaUsed += keyLength + id.Length;
        ref ParsedEvent parsed = ref batch.AddEvent();
        parsed.Time = item.Time;
        parsed.Key = KeyEncoding.Hash(batch.Arena.AsSpan(keyStart, keyLength));
        parsed.KeyStart = keyStart;
        parsed.KeyLength = keyLength;
        parsed.IdStart = keyStart + keyLength;
        parsed.IdLength = id.Length;
        parsed.PayloadStart = payloadStart;
        parsed.PayloadLength = payload.Length;
        parsed.Record = batch.RecordCount - 1;
        parsed.Stream = (byte)item.Stream;
        parsed.Outcome = outcome;
        parsed.TimeAccepted = timeAccepted;
    }
}
