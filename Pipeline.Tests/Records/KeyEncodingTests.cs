using System.Text;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Records;

/// <summary>Pins the key's bytes and the sample ids; the digests are those of <c>xxhsum -H2</c>.</summary>
[TestClass]
public sealed class KeyEncodingTests
{
    private const long Start = 1_764_000_000_000;

    [TestMethod]
    [DataRow("dafa15c7bd55351c4afa1e7bd0390fa8", Start, "u1", "i2")]
    [DataRow("d16ebb7c1a82012780e2414cef645f7d", Start + 1_200_000, "u1", "i2")]
    [DataRow("34f7276a167912c49f404ff5f2d85851", Start, "a", "bc")]
    [DataRow("ef464538497d9fee8faff31fbd2153d6", Start, "ab", "c")]
    [DataRow("463afda520d23b72946ba2e6e465fa89", Start, "he said \"hi\", \\o/\n", "é😀")]
    [DataRow("ab09ba8aba5c91d7c8e89ad4544540f1", -1L, "7", "")]
    public void SampleId_IsThatOfTheContract(string expected, long start, string first, string second)
    {
        byte[] encoded = Encode(first, second);
        var hex = new byte[32];

        KeyEncoding.WriteSampleId(encoded, start, new byte[encoded.Length + sizeof(long)], hex);

        Assert.AreEqual(expected, Encoding.ASCII.GetString(hex));
    }

    [TestMethod]
    public void SampleIdOfALongKey_IsThatOfTheContract()
    {
        byte[] encoded = Encode(new string('k', 300), "1");
        var hex = new byte[32];

        KeyEncoding.WriteSampleId(encoded, Start, new byte[encoded.Length + sizeof(long)], hex);

        Assert.AreEqual("973385a2d692ee4ad4ec8ec5bdf8dcd9", Encoding.ASCII.GetString(hex));
    }

    [TestMethod]
    public void EncodedKey_IsLengthsAndTexts()
    {
        byte[] encoded = Encode("é", "");

        CollectionAssert.AreEqual(new byte[] { 2, 0, 0, 0, 0xC3, 0xA9, 0, 0, 0, 0 }, encoded);
        ReadOnlySpan<byte> rest = encoded;
        Assert.AreEqual("é", Encoding.UTF8.GetString(KeyEncoding.Next(ref rest)));
        Assert.AreEqual("", Encoding.UTF8.GetString(KeyEncoding.Next(ref rest)));
        Assert.AreEqual(0, rest.Length);
    }

    private static byte[] Encode(params string[] texts)
    {
        var encoded = new byte[1024];
        int length = 0;
        foreach (string text in texts) length += KeyEncoding.Append(encoded.AsSpan(length), Encoding.UTF8.GetBytes(text));
        return encoded[..length];
    }
}
