using System.Globalization;
using System.Runtime.InteropServices;

namespace Pipeline.Blocks.Records;

/// <summary>XXH128 (seed 0) of a join key's encoded bytes: what the pipeline routes, sorts and looks windows up by.</summary>
/// <remarks>
/// Order is that of the canonical big-endian digest (<see cref="Hi"/> first), the "key hash" order of emitted samples.
/// Two different keys with one hash would share a window; ties in the reorder buffer are settled by the key's bytes.
/// </remarks>
/// <param name="Hi">The upper 64 bits of the digest.</param>
/// <param name="Lo">The lower 64 bits of the digest.</param>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public readonly record struct KeyHash(ulong Hi, ulong Lo) : IComparable<KeyHash>
{
    /// <summary>Number of key groups: the unit in which progress is kept and lanes are formed. Fixed by the contract.</summary>
    public const int GroupCount = 64;

    /// <summary>The key group, 0..63, a key belongs to.</summary>
    public int Group => (int)(Lo & (GroupCount - 1));

    private const int HalfDigits = 16;

    /// <summary>Digits of <see cref="ToHex"/>.</summary>
    public const int HexDigits = 2 * HalfDigits;

    /// <summary>The digest as 32 lower-case hex digits.</summary>
    public string ToHex() => string.Create(HexDigits, this, static (digits, key) => key.WriteHex(digits));

    /// <summary>Writes <see cref="ToHex"/> to the <see cref="HexDigits"/> given.</summary>
    public void WriteHex(Span<char> digits)
    {
        Hi.TryFormat(digits, out _, "x16", CultureInfo.InvariantCulture);
        Lo.TryFormat(digits[HalfDigits..], out _, "x16", CultureInfo.InvariantCulture);
    }

    /// <summary>Reads what <see cref="ToHex"/> wrote.</summary>
    /// <exception cref="FormatException">It is not 32 hex digits.</exception>
    public static KeyHash FromHex(string digits) => digits.Length == HexDigits
        ? new KeyHash(Half(digits.AsSpan(0, HalfDigits)), Half(digits.AsSpan(HalfDigits)))
        : throw new FormatException($"key hash: expected {HexDigits} hex digits, found {digits}");

    private static ulong Half(ReadOnlySpan<char> digits) => ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public int CompareTo(KeyHash other)
    {
        int byHi = Hi.CompareTo(other.Hi);
        return byHi != 0 ? byHi : Lo.CompareTo(other.Lo);
    }

    /// <summary>Ordinal order of the digests.</summary>
    public static bool operator <(KeyHash left, KeyHash right) => left.CompareTo(right) < 0;

    /// <summary>Ordinal order of the digests.</summary>
    public static bool operator >(KeyHash left, KeyHash right) => left.CompareTo(right) > 0;

    /// <summary>Ordinal order of the digests.</summary>
    public static bool operator <=(KeyHash left, KeyHash right) => left.CompareTo(right) <= 0;

    /// <summary>Ordinal order of the digests.</summary>
    public static bool operator >=(KeyHash left, KeyHash right) => left.CompareTo(right) >= 0;
}
