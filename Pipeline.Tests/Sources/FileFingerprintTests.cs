using System.IO.Hashing;
using System.Text;
using CsCheck;
using Pipeline.Blocks.Sources;

namespace Pipeline.Tests.Sources;

[TestClass]
public sealed class FileFingerprintTests : IDisposable
{
    private readonly FileSourceFixture _files = new();

    public void Dispose() => _files.Dispose();

    [TestMethod]
    public void AnyPieces_GiveTheFingerprintOfTheWhole() => Gen.Byte.Array[0, 3_000].Array[0, 5].Sample(pieces =>
    {
        var sut = new FileFingerprint();
        foreach (byte[] piece in pieces)
        {
            sut.Append(piece);
            _ = sut.Value;
        }
        byte[] whole = [.. pieces.SelectMany(static piece => piece)];
        return sut.Value == XxHash3.HashToUInt64(whole) && sut.Position == whole.Length;
    }, iter: 200);

    [TestMethod]
    [DataRow("a.jsonl")]
    [DataRow("a.gz")]
    public void File_IsReadUpToThePosition_AndCanBeContinued(string name)
    {
        _files.Write(name, "one\ntwo\nthree\n");

        FileFingerprint sut = FileFingerprint.Read(_files.PathOf(name), 8);
        Assert.AreEqual(XxHash3.HashToUInt64("one\ntwo\n"u8), sut.Value);

        sut.Append("three\n"u8);
        Assert.AreEqual(FileFingerprint.Read(_files.PathOf(name), 14).Value, sut.Value);
    }

    [TestMethod]
    public void ReplacedFile_HasAnotherFingerprint_AShorterOneIsRefused()
    {
        _files.Write("a", "one\ntwo\n");
        ulong before = FileFingerprint.Read(_files.PathOf("a"), 8).Value;

        _files.Write("a", "one\ntwO\nthree\n");

        Assert.AreNotEqual(before, FileFingerprint.Read(_files.PathOf("a"), 8).Value);
        Assert.ThrowsExactly<SourceChangedException>(() => FileFingerprint.Read(_files.PathOf("a"), 15));
        Assert.AreEqual(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes("")), FileFingerprint.Read(_files.PathOf("a"), 0).Value);
    }
}
