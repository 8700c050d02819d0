using System.Text;
using CsCheck;

namespace Pipeline.Tests.Parsing;

/// <summary>Random JSON objects as logs do not write them, and what a disk or a writer may do to them.</summary>
internal static class JsonGen
{
    private static readonly Gen<string> Blank = Gen.Frequency((8, Gen.Const("")), (2, Gen.OneOf(" ", "\t", "\n", "\r\n", "  ")));

    private static readonly Gen<string> Name =
        Gen.OneOf("a", "b", "c", "\\u0061", "\\u0062", "x", "", "a.b", "A", "aa", "\\n", "\\uD83D\\uDE00", "é").Select(name => $"\"{name}\"");

    private static readonly Gen<string> Text =
        Gen.OneOf("a", "7", " ", "{", "}", "[", "]", ":", ",", "é", "中", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u0000", "\\uD83D\\uDE00", "\\\\u")
            .Array[0, 12].Select(parts => $"\"{string.Concat(parts)}\"");

    private static readonly Gen<string> Scalar =
        Gen.OneOf(Text, Gen.OneOf("0", "-0", "7", "-12.50", "1e5", "1E-3", "0.1e+2", "12345678901234567890", "true", "false", "null", "\"\""));

    private static readonly byte[][] Shards =
    [
        .. new[] { "\\ud800", "\\udc00", "\\", "\"", "{", "}", "[", "]", ",", ":", "\\u12", "01", "-", "1e", ".", "tru", "\0", "\n", "\f", "\ufeff", "//", "/**/" }
            .Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE4, 0xB8], [0x80],
    ];

    private static readonly byte[][] Dust = [.. new[] { " ", "\n", "x", "0", "\\n", "\\ud83d\\ude00", ",\"a\":1" }.Select(Encoding.UTF8.GetBytes)];

    /// <summary>A sound object of a few levels; rarely one that is about as deep as is allowed, or deeper.</summary>
    public static readonly Gen<byte[]> Object = Gen.Frequency(
        (20, Padded(Members(4))),
        (1, Gen.Int[60, 66].Select(depth => $"{{\"x\":{new string('[', depth - 1)}{new string(']', depth - 1)},\"a\":1}}")))
        .Select(Encoding.UTF8.GetBytes);

    /// <summary>The same after one or two accidents; now and then still sound.</summary>
    public static readonly Gen<byte[]> Damaged =
        Gen.Select(Object, Accident.Array[1, 2]).Select((json, accidents) => accidents.Aggregate(json, (bytes, accident) => accident(bytes)));

    private static Gen<Func<byte[], byte[]>> Accident => Gen.OneOf<Func<byte[], byte[]>>(
        Gen.Select(Gen.Double[0, 1], Gen.Byte).Select((at, value) => new Func<byte[], byte[]>(json => Splice(json, at, 1, [value]))),
        Gen.Select(Gen.Double[0, 1], Gen.Int[0, 7]).Select((at, bit) => new Func<byte[], byte[]>(json => Flip(json, at, bit))),
        Gen.Select(Gen.Double[0, 1], Gen.OneOf(Shards)).Select((at, shard) => new Func<byte[], byte[]>(json => Splice(json, at, 0, shard))),
        Gen.Select(Gen.Double[0, 1], Gen.OneOf(Dust)).Select((at, dust) => new Func<byte[], byte[]>(json => Splice(json, at, 0, dust))),
        Gen.Select(Gen.Double[0, 1], Gen.Int[1, 4]).Select((at, count) => new Func<byte[], byte[]>(json => Splice(json, at, count, []))),
        Gen.Double[0, 1].Select(at => new Func<byte[], byte[]>(json => json[..(int)(at * json.Length)])));

    private static Gen<string> Value(int depth) => depth == 0 ? Scalar : Gen.Frequency(
        (5, Scalar),
        (3, Members(depth - 1)),
        (1, Padded(Value(depth - 1)).Array[0, 4].Select(items => $"[{string.Join(',', items)}]")));

    private static Gen<string> Members(int depth) =>
        Gen.Select(Padded(Name), Padded(Value(depth))).Select((name, value) => $"{name}:{value}").Array[0, 6]
            .SelectMany(members => Blank.Select(blank => members.Length == 0 ? $"{{{blank}}}" : $"{{{string.Join(',', members)}}}"));

    private static Gen<string> Padded(Gen<string> token) => Gen.Select(Blank, token, Blank).Select((before, text, after) => before + text + after);

    private static byte[] Splice(byte[] json, double at, int remove, byte[] insert)
    {
        int start = (int)(at * json.Length);
        return [.. json[..start], .. insert, .. json[Math.Min(json.Length, start + remove)..]];
    }

    private static byte[] Flip(byte[] json, double at, int bit)
    {
        if (json.Length == 0) return json;
        byte[] flipped = [.. json];
        flipped[Math.Min(json.Length - 1, (int)(at * json.Length))] ^= (byte)(1 << bit);
        return flipped;
    }
}
