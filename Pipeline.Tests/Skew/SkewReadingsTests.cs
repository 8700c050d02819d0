using System.Text;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Metrics;

namespace Pipeline.Tests.Skew;

[TestClass]
public sealed class SkewReadingsTests
{
    [TestMethod]
    public void HotKey_IsNamedByItsFields_OrByItsHash()
    {
        byte[] encoded = new byte[64];
        int length = KeyEncoding.Append(encoded, Encoding.UTF8.GetBytes("u1"));
        length += KeyEncoding.Append(encoded.AsSpan(length), Encoding.UTF8.GetBytes("i|2"));
        encoded = encoded[..length];
        var hot = new HotKeyReading(KeyEncoding.Hash(encoded), encoded, Lane: 3, Share: 0.5, Salts: 4);

        Assert.AreEqual("u1|i|2", SkewReadings.NameOf(hot, masked: false));
        Assert.AreEqual(KeyEncoding.Hash(encoded).ToHex(), SkewReadings.NameOf(hot, masked: true));
    }
}
