using System.Globalization;
using System.Text;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Joining;

/// <summary>Keys for tests, hashed as real ones are.</summary>
internal static class Keys
{
    public static KeyHash Of(long number) => KeyEncoding.Hash(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
}
