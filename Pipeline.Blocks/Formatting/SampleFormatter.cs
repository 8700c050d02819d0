using System.Buffers.Text;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Formatting;

/// <summary>What all output formats share: read the payload's fields, write the sample, judge it, book it.</summary>
/// <remarks>
/// A sample at or before the committed progress was emitted by an earlier run: it is judged and booked, for the ledger went back with the checkpoint, and not
/// written again. Threading: one batch at a time. Allocation: none per sample once buffers have grown.
/// </remarks>
public abstract class SampleFormatter : ISampleFormatter
{
    private const int MostDigits = 20;
    private readonly SampleValidator _validator;
    private byte[] _idScratch = new byte[256];

    private readonly EmissionPoint[] _committed;

    private protected SampleFormatter(SampleShape shape, PartitionDirectory directory, IReadOnlyList<EmissionPoint>? committed)
    {
        _committed = committed is null ? EmissionPoint.NoneOfAll() : [.. committed];
        Shape = shape;
        Fields = new PayloadFields(shape, directory);
        _validator = new SampleValidator(shape);
    }

    private protected SampleShape Shape { get; }

    private protected PayloadFields Fields { get; }

    /// <inheritdoc/>
    public void Format(SampleBatch batch, OutputBatch output, ref FormatResult result, DeadLetterBatch? letters)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            ref ClosedWindow window = ref batch.Windows[i];
            ReadOnlySpan<byte> key = batch.Bytes.AsSpan(window.KeyStart, window.KeyLength);
            ReadOnlySpan<byte> payload = batch.Bytes.AsSpan(window.PayloadStart, window.PayloadLength);
            ReadOnlySpan<ActionCell> cells = batch.CellsOf(i);
            Fields.Read(payload, window.Partition);
            int before = output.BytesUsed;
            int keyLength = Shape.Lines ? 0 : WriteRecordKey(output, key);
            int valueStart = output.BytesUsed;
            int label = Shape.LabelOf(cells);
            WriteValue(output, window, key, payload, cells, label);
            int valueLength = output.BytesUsed - valueStart;
            int broken = _validator.FirstBroken(Fields, payload);
            Book(ref result, window, cells, label, broken);
            if (broken >= 0)
            {
                letters?.Add(
                    DeadLetterReason.Invalid, Shape.ExposureStream, window.Partition, window.Offset, window.Timestamp,
                    output.Bytes.AsSpan(valueStart, valueLength));
                output.BytesUsed = before;
                continue;
            }
            var point = new EmissionPoint(window.Start + Shape.WindowMs, window.Key, window.Start, window.Revision);
            if (point <= _committed[window.Key.Group])
            {
                output.BytesUsed = before;
                continue;
            }
            output.Room(1)[0] = (byte)'\n';
            output.BytesUsed++;
            output.Add(new OutputRecord(before, keyLength, valueStart, valueLength));
            output.Note(point.Time, window.Key, window.Start, window.Revision);
        }
    }

    private protected abstract void WriteValue(
        OutputBatch output, in ClosedWindow window, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload, ReadOnlySpan<ActionCell> cells, int label);

    private protected void WriteSampleId(OutputBatch output, ReadOnlySpan<byte> key, long start)
    {
        if (_idScratch.Length < key.Length + sizeof(long)) _idScratch = new byte[2 * (key.Length + sizeof(long))];
        KeyEncoding.WriteSampleId(key, start, _idScratch, output.Room(32));
        output.BytesUsed += 32;
    }

    private protected static void Write(OutputBatch output, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(output.Room(bytes.Length));
        output.BytesUsed += bytes.Length;
    }

    private protected static void Write(OutputBatch output, long number)
    {
        Utf8Formatter.TryFormat(number, output.Room(MostDigits), out int written);
        output.BytesUsed += written;
    }

    private static int WriteRecordKey(OutputBatch output, ReadOnlySpan<byte> key)
    {
        int start = output.BytesUsed;
        while (key.Length > 0)
        {
            if (output.BytesUsed > start) Write(output, "|"u8);
            Write(output, KeyEncoding.Next(ref key));
        }
        return output.BytesUsed - start;
    }

    private static void Book(ref FormatResult result, in ClosedWindow window, ReadOnlySpan<ActionCell> cells, int label, int broken)
    {
        if (broken < 0)
        {
            result.Samples++;
            result.Positives += label;
            result.JoinedExposures += window.Exposures;
        }
        else
        {
            result.InvalidByRule[broken]++;
            result.InvalidExposures += window.Exposures;
        }
        long[] actions = broken < 0 ? result.JoinedActions : result.InvalidActions;
        for (int action = 0; action < cells.Length; action++) actions[action] += cells[action].Count;
    }
}
