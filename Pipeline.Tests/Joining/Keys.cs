using System.Globalization;
using System.Text;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Joining;

/// <summary>Keys for tests, hashed as real ones are.</summary>
internal static class Keys
{
    /// <summary>The key of one text field, encoded as the parser does.</summary>
    public static KeyHash Of(string field)
    {
        byte[] encoded = new byte[64];
        return KeyEncoding.Hash(encoded.AsSpan(0, KeyEncoding.Append(encoded, Encoding.UTF8.GetBytes(field))));
    }

    public static KeyHash Of(long number) => KeyEncoding.Hash(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
}
