using System.Text;
using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Parsing;

/// <summary>One condition on one field. A field that is missing, null, nested, or no number where numbers are compared, does not hold it.</summary>
internal sealed class FilterRule
{
    private static readonly Comparer<byte[]> ByBytes = Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right));

    private readonly int _field;
    private readonly byte[][]? _in;
    private readonly double? _min;
    private readonly double? _max;

    public FilterRule(FilterOptions options, FieldTable table)
    {
        _field = table.Add(options.Field);
        _in = options.In is null ? null : [.. options.In.Select(Encoding.UTF8.GetBytes).Order(ByBytes)];
        _min = options.Min;
        _max = options.Max;
    }

    /// <summary>Whether the record holds it.</summary>
    public bool Holds(RecordBatch batch, ReadOnlySpan<byte> payload, ReadOnlySpan<FieldValue> fields)
    {
        FieldValue value = fields[_field];
        if (!value.HasText && value.Kind is not (FieldKind.True or FieldKind.False)) return false;
        ReadOnlySpan<byte> text = ScratchText.Of(batch, payload, value);
        if (_in is not null && !IsAllowed(text)) return false;
        if (_min is null && _max is null) return true;
        return FieldText.TryNumber(text, out double number) && !(number < _min) && !(number > _max);
    }

    private bool IsAllowed(ReadOnlySpan<byte> text)
    {
        int low = 0, high = _in!.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int order = text.SequenceCompareTo(_in[middle]);
            if (order == 0) return true;
            if (order < 0) high = middle - 1;
            else low = middle + 1;
        }
        return false;
    }
}
