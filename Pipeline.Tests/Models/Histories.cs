using System.Text;
using CsCheck;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;
using Pipeline.Verification;

namespace Pipeline.Tests.Models;

/// <summary>One event of a history, before it is given to a partition.</summary>
internal sealed record HistoryEvent(int Stream, int Key, int Time, int Id, int Variant, int Jitter, int Partition)
{
    /// <summary>The record's bytes. Its stream is told by a filter on <c>kind</c>, as all streams share the source.</summary>
    public byte[] ToRecord() => Encoding.UTF8.GetBytes(Text());

    private string Text()
    {
        string id = Id == 0 ? "" : $",\"id\":\"e{Id}\"";
        return Variant switch
        {
            7 => $"{{\"kind\":{Stream},\"k\":null,\"ts\":{Time}}}",
            8 => $"{{\"kind\":{Stream},\"k\":\"{Key}\",\"ts\":\"{Time}x\"}}",
            9 => $"{{\"kind\":{Stream},\"k\":\"{Key}\"",
            _ => $"{{\"kind\":{Stream},\"k\":{(Variant % 2 == 0 ? $"\"{Key}\"" : $"{Key}")},\"ts\":{Time}{id},\"pos\":{Variant}}}",
        };
    }
}

/// <summary>A drawn job and history.</summary>
internal sealed record History(WindowAnchor Anchor, int Window, int Disorder, int Streams, int Partitions, bool Ids, HistoryEvent[] Events)
{
    /// <summary>The job the history is run by.</summary>
    public JobOptions ToJob() => new()
    {
        Job = "property",
        Time = new TimeOptions { OutOfOrderness = TimeSpan.FromMilliseconds(Disorder) },
        Window = new WindowOptions { Length = TimeSpan.FromMilliseconds(Window), Anchor = Anchor },
        Streams = [.. Enumerable.Range(0, Streams).Select(StreamOf)],
        Output = new OutputOptions { Features = [new FeatureOptions { From = "pos" }, new FeatureOptions { From = "id", As = "event" }], Ranges = [new RangeOptions { Field = "pos", Max = 4 }] },
        Sink = new FileSinkOptions { Dir = "out" },
        State = new StateOptions { Dir = "state" },
    };

    /// <summary>Each partition's records, in the order they arrive there.</summary>
    public List<byte[]>[] ToPartitions()
    {
        var partitions = new List<byte[]>[Partitions];
        for (int number = 0; number < Partitions; number++)
            partitions[number] = [.. Events.Where(item => item.Partition % Partitions == number).OrderBy(item => item.Time + item.Jitter).Select(item => item.ToRecord())];
        return partitions;
    }

    /// <summary>The same for the reference join: every partition is read by all streams.</summary>
    public IEnumerable<SourceRecord> ToSourceRecords() =>
        ToPartitions().SelectMany((records, number) => records.Select(record => new SourceRecord(number, [.. Enumerable.Range(0, Streams)], record)));

    private StreamOptions StreamOf(int stream) => new()
    {
        Name = stream == 0 ? "exposure" : $"action{stream}",
        Role = stream == 0 ? StreamRole.Exposure : StreamRole.Action,
        Positive = stream != 2 && stream > 0,
        Source = new FileSourceOptions { Paths = ["log"] },
        Format = RecordFormat.Json,
        Key = ["k"],
        Time = new EventTimeOptions { Field = "ts" },
        EventId = Ids ? "id" : null,
        Filters = [new FilterOptions { Field = "kind", In = [$"{stream}"] }],
    };

    /// <summary>Histories whose arrival is within D, or up to twice as disordered.</summary>
    public static Gen<History> Gen(bool withinDisorder, bool onlyValid = false)
    {
        Gen<HistoryEvent> items = CsCheck.Gen.Select(
            CsCheck.Gen.Int[0, 2], CsCheck.Gen.Int[1, 4], CsCheck.Gen.Int[0, 3_000], CsCheck.Gen.Int[0, 3], CsCheck.Gen.Int[0, onlyValid ? 6 : 9], CsCheck.Gen.Int[0, 999], CsCheck.Gen.Int[0, 4],
            (stream, key, time, id, variant, jitter, partition) => new HistoryEvent(stream, key, time, id, variant, jitter, partition));
        return CsCheck.Gen.Select(
            CsCheck.Gen.Bool, CsCheck.Gen.OneOf(1, 64, 100, 1_000, 5_000), CsCheck.Gen.OneOf(0, 50, 500), CsCheck.Gen.Int[1, 3], CsCheck.Gen.OneOf(1, 5), CsCheck.Gen.Bool, items.Array[0, 60],
            (first, window, disorder, streams, partitions, ids, events) => new History(
                first ? WindowAnchor.First : WindowAnchor.Exposure, window, disorder, streams, partitions, ids,
                [.. events.Select(item => item with { Jitter = item.Jitter * disorder * (withinDisorder ? 1 : 2) / 1000 })]));
    }
}
