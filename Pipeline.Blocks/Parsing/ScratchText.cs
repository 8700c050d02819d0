using Pipeline.Blocks.Fields;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Parsing;

/// <summary>Field texts that are looked at and not kept.</summary>
internal static class ScratchText
{
    /// <summary>The text; unescaped, where it must be, in the unused tail of the batch's arena: good until the arena is next written or grown.</summary>
    public static ReadOnlySpan<byte> Of(RecordBatch batch, ReadOnlySpan<byte> payload, in FieldValue value)
    {
        if (!value.Escaped) return FieldText.Of(payload, value, default);
        batch.EnsureArena(value.Length);
        return FieldText.Of(payload, value, batch.Arena.AsSpan(batch.ArenaUsed));
    }
}
