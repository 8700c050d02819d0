using Pipeline.Blocks.Fields;

namespace Pipeline.Blocks.Formatting;

/// <summary>Which rule a sample breaks first: the required fields in order, then the ranges in order.</summary>
/// <remarks>A required field is there and not null; an empty text is there. A ranged field, where it is there, is a number inside its range.</remarks>
internal sealed class SampleValidator(SampleShape shape)
{
    private byte[] _scratch = new byte[64];

    /// <summary>The rule's number; -1 for a valid sample.</summary>
    public int FirstBroken(PayloadFields fields, ReadOnlySpan<byte> payload)
    {
        for (int rule = 0; rule < shape.Required.Length; rule++)
        {
            ref readonly FieldValue value = ref fields[shape.Required[rule]];
            if (value.Kind is FieldKind.Missing or FieldKind.Null) return rule;
        }
        for (int rule = 0; rule < shape.Ranges.Length; rule++)
        {
            ref readonly FieldValue value = ref fields[shape.Ranges[rule]];
            if (value.Kind == FieldKind.Missing) continue;
            if (!InRange(payload, value, shape.Output.Ranges[rule])) return shape.Required.Length + rule;
        }
        return -1;
    }

    private bool InRange(ReadOnlySpan<byte> payload, in FieldValue value, RangeOptions range)
    {
        if (!value.HasText) return false;
        if (_scratch.Length < value.Length) _scratch = new byte[value.Length];
        return FieldText.TryNumber(FieldText.Of(payload, value, _scratch), out double number) && !(number < range.Min) && !(number > range.Max);
    }
}
