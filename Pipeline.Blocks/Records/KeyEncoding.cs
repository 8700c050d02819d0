using System.Buffers.Binary;
using System.IO.Hashing;

namespace Pipeline.Blocks.Records;

/// <summary>The unambiguous bytes of a join key, its hash, and the sample id made from them.</summary>
/// <remarks>
/// For each key field its UTF-8 length as u32 little-endian, then its bytes; so ("a","bc") and ("ab","c") differ.
/// Pinned by <c>KeyEncodingTests</c>.
/// </remarks>
public static class KeyEncoding
{
    /// <summary>Bytes in front of each field's text.</summary>
    public const int FieldPrefix = sizeof(uint);

    /// <summary>Appends one field to an encoded key; returns the bytes written. The target must have room for the prefix and the text.</summary>
    public static int Append(Span<byte> target, ReadOnlySpan<byte> text)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)text.Length);
        text.CopyTo(target[FieldPrefix..]);
        return FieldPrefix + text.Length;
    }

    /// <summary>Takes the next field's text off an encoded key and moves past it.</summary>
    public static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> encoded)
    {
        int length = (int)BinaryPrimitives.ReadUInt32LittleEndian(encoded);
        ReadOnlySpan<byte> text = encoded.Slice(FieldPrefix, length);
        encoded = encoded[(FieldPrefix + length)..];
        return text;
    }

    /// <summary>The key's hash.</summary>
    public static KeyHash Hash(ReadOnlySpan<byte> encoded)
    {
        UInt128 hash = XxHash128.HashToUInt128(encoded);
        return new KeyHash((ulong)(hash >> 64), (ulong)hash);
    }

    /// <summary>
    /// Writes the 32 lower-case hex digits of the sample id: XXH128 over the encoded key followed by the window start as i64 little-endian.
    /// </summary>
    /// <param name="encoded">The encoded key.</param>
    /// <param name="windowStart">Milliseconds since the Unix epoch.</param>
    /// <param name="scratch">Room for the encoded key and 8 bytes more.</param>
    /// <param name="hex">Room for 32 bytes.</param>
    public static void WriteSampleId(ReadOnlySpan<byte> encoded, long windowStart, Span<byte> scratch, Span<byte> hex)
    {
        encoded.CopyTo(scratch);
        BinaryPrimitives.WriteInt64LittleEndian(scratch[encoded.Length..], windowStart);
        Span<byte> digest = stackalloc byte[16];
        XxHash128.Hash(scratch[..(encoded.Length + sizeof(long))], digest);
        Convert.TryToHexStringLower(digest, hex, out _);
    }
}
