using System.Buffers;
using System.Text;
using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Formatting;

/// <summary>Writes samples as RFC 4180 rows with the JSON names flattened: <c>key.user_id</c>, <c>labels.click.count</c>, <c>features.scene</c>.</summary>
public sealed class CsvSampleFormatter(SampleShape shape, PartitionDirectory directory, IReadOnlyList<EmissionPoint>? committed = null)
    : SampleFormatter(shape, directory, committed)
{
    private static readonly SearchValues<byte> Special = SearchValues.Create(",\"\r\n"u8);
    private byte[] _scratch = new byte[256];

    /// <summary>The header row, with its line break; for the top of each file.</summary>
    public static byte[] Header(SampleShape shape)
    {
        string[] names =
        [
            "sample_id", .. shape.Exposure.Key.Select(path => $"key.{path}"), "window_start", "window_end", "revision", "exposures", "label",
            .. shape.Actions.SelectMany(stream => new[] { $"labels.{stream.Name}.label", $"labels.{stream.Name}.count", $"labels.{stream.Name}.first_delay_ms" }),
            "weight", "sampling_rate",
            .. shape.Selected!.Select(feature => $"features.{feature.Name}"),
        ];
        var header = new OutputBatch();
        for (int i = 0; i < names.Length; i++)
        {
            if (i > 0) Write(header, ","u8);
            WriteField(header, Encoding.UTF8.GetBytes(names[i]));
        }
        Write(header, "\n"u8);
        return header.Bytes[..header.BytesUsed];
    }

    private protected override void WriteValue(
        OutputBatch output, in ClosedWindow window, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload, ReadOnlySpan<ActionCell> cells, int label)
    {
        WriteSampleId(output, key, window.Start);
        while (key.Length > 0)
        {
            Write(output, ","u8);
            WriteField(output, KeyEncoding.Next(ref key));
        }
        WriteNumber(output, window.Start);
        WriteNumber(output, window.Start + Shape.WindowMs);
        WriteNumber(output, window.Revision);
        WriteNumber(output, window.Exposures);
        WriteNumber(output, label);
        foreach (ref readonly ActionCell cell in cells)
        {
            WriteNumber(output, cell.Count > 0 ? 1 : 0);
            WriteNumber(output, cell.Count);
            Write(output, ","u8);
            if (cell.Count > 0) Write(output, cell.FirstDelay);
        }
        Write(output, ",1,1"u8);
        WriteFeatures(output, payload);
    }

    private void WriteFeatures(OutputBatch output, ReadOnlySpan<byte> payload)
    {
        foreach (int place in Shape.Features!)
        {
            Write(output, ","u8);
            ref readonly FieldValue value = ref Fields[place];
            if (value.Kind == FieldKind.Missing) continue;
            WriteField(output, value.Kind is FieldKind.Object or FieldKind.Array or FieldKind.Null
                ? value.Raw(payload)
                : FieldText.Of(payload, value, Scratch(value.Length)));
        }
    }

    private static void WriteNumber(OutputBatch output, long number)
    {
        Write(output, ","u8);
        Write(output, number);
    }

    private static void WriteField(OutputBatch output, ReadOnlySpan<byte> text)
    {
        if (!text.ContainsAny(Special))
        {
            Write(output, text);
            return;
        }
        Span<byte> target = output.Room((text.Length * 2) + 2);
        int written = 0;
        target[written++] = (byte)'"';
        foreach (byte each in text)
        {
            if (each == '"') target[written++] = each;
            target[written++] = each;
        }
        target[written++] = (byte)'"';
        output.BytesUsed += written;
    }

    private Span<byte> Scratch(int bytes)
    {
        if (_scratch.Length < bytes) _scratch = new byte[bytes * 2];
        return _scratch;
    }
}
