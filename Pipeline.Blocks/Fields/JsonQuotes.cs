using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pipeline.Blocks.Fields;

/// <summary>Where the quotes of a record stand, a bit for each byte, found in one pass: a string without escapes ends at the next one.</summary>
/// <remarks>
/// The idea of a bit for each byte is simdjson's (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", VLDB Journal 2019). Only plain records have them: a backslash
/// may make a quote a part of its string, and a control character may not stand in one, so that with either each string is looked through.
/// </remarks>
internal readonly ref struct JsonQuotes
{
    /// <summary>Words that a record may need; in a longer one strings are looked through.</summary>
    public const int MostWords = 64;

    private const int WordBits = 6;
    private const int WordBytes = 1 << WordBits;
    private const byte Blank = (byte)' ';

    private readonly ReadOnlySpan<ulong> _words;

    private JsonQuotes(ReadOnlySpan<ulong> words) => _words = words;

    /// <summary>Whether they are known.</summary>
    public bool AreKnown => !_words.IsEmpty;

    /// <summary>Finds the quotes of a plain record; of any other they are unknown.</summary>
    /// <param name="json">The record.</param>
    /// <param name="room">Takes them, <see cref="MostWords"/> long; it need not be cleared.</param>
    public static JsonQuotes Find(ReadOnlySpan<byte> json, Span<ulong> room)
    {
        int words = (json.Length + WordBytes - 1) >> WordBits;
        if (words > MostWords) return default;
        Span<ulong> found = room[..words];
        int whole = json.Length >> WordBits;
        for (int word = 0; word < whole; word++)
            if (!TryFind(ref Unsafe.Add(ref MemoryMarshal.GetReference(json), word << WordBits), out found[word])) return default;
        if (whole == words) return new JsonQuotes(found);
        Span<byte> last = stackalloc byte[WordBytes];
        last.Fill(Blank);
        json[(whole << WordBits)..].CopyTo(last);
        return TryFind(ref MemoryMarshal.GetReference(last), out found[whole]) ? new JsonQuotes(found) : default;
    }

    /// <summary>The place of the first quote at or behind a place; -1 for none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Next(int from)
    {
        int word = from >> WordBits;
        if ((uint)word >= (uint)_words.Length) return -1;
        ulong bits = _words[word] & (ulong.MaxValue << from);
        while (bits == 0)
        {
            if (++word == _words.Length) return -1;
            bits = _words[word];
        }
        return (word << WordBits) + BitOperations.TrailingZeroCount(bits);
    }

    /// <summary>The quotes of 64 bytes; false when one of them is a backslash or a control character. Duty: there are 64 bytes.</summary>
    private static bool TryFind(ref byte bytes, out ulong quotes)
    {
        Vector256<byte> low = Vector256.LoadUnsafe(ref bytes), high = Vector256.LoadUnsafe(ref bytes, (nuint)Vector256<byte>.Count);
        quotes = Vector256.Equals(low, Vector256.Create((byte)'"')).ExtractMostSignificantBits()
            | ((ulong)Vector256.Equals(high, Vector256.Create((byte)'"')).ExtractMostSignificantBits() << Vector256<byte>.Count);
        return (NotPlain(low) | NotPlain(high)) == Vector256<byte>.Zero;
    }

    private static Vector256<byte> NotPlain(Vector256<byte> block) =>
        Vector256.Equals(block, Vector256.Create((byte)'\\')) | Vector256.LessThan(block, Vector256.Create(Blank));
}
