using System.Text;
using Pipeline.Blocks.Records;
using Pipeline.Checkpoints;

namespace Pipeline.Tests.Checkpoints;

[TestClass]
public sealed class ManifestFileTests
{
    private static readonly CheckpointManifest Manifest = CheckpointFixture.Manifest(42, [new ManifestLane("lane-0/lane.snapshot", 7, "ab", 1, 2, 3, 4)]);

    private static string GoldenPath => Path.Combine(AppContext.BaseDirectory, "Checkpoints", "Golden", "manifest.json");

    /// <summary>The file is what format version 1 looks like: checkpoints of released versions have it, so a change of it is a new version.</summary>
    [TestMethod]
    public void Manifest_IsWrittenAsFormatVersionOneHasIt() =>
        Assert.AreEqual(File.ReadAllText(GoldenPath), Encoding.UTF8.GetString(ManifestFile.Format(Manifest)));

    [TestMethod]
    public void Manifest_ReadsBackAsItWasWritten()
    {
        CheckpointManifest read = ManifestFile.Parse(File.ReadAllBytes(GoldenPath));

        Assert.AreEqual(File.ReadAllText(GoldenPath), Encoding.UTF8.GetString(ManifestFile.Format(read)));
        Assert.AreEqual(Manifest.Settings, read.Settings);
        Assert.AreEqual(ulong.MaxValue, read.Partitions[0].Fingerprint);
        Assert.IsNull(read.Partitions[1].Fingerprint);
        Assert.IsFalse(read.Partitions[1].Known);
        EmissionPoint[] points = ManifestPoint.ToPoints(read.Points);
        Assert.AreEqual(new EmissionPoint(1_764_000_000_000, new KeyHash(0xABCDEF, 5), 1_763_998_800_000, 1), points[5]);
        Assert.AreEqual(63, points.Count(static point => point == EmissionPoint.None));
        Assert.AreEqual(3, read.Lanes[0].Floor().LogPage);
    }

    [TestMethod]
    [DataRow("""{"format_version":2,"contract_version":1,"shape":"unknown"}""", "expected format_version 1, found 2")]
    [DataRow("""{"format_version":1,"contract_version":9}""", "expected contract_version 1, found 9")]
    public void ManifestOfAnotherRelease_IsToldFromADamagedOne(string line, string reason)
    {
        OtherReleaseException other = Assert.ThrowsExactly<OtherReleaseException>(() => ManifestFile.Parse(Signed(line)));

        Assert.AreEqual(reason, other.Message);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("null")]
    [DataRow("[]")]
    [DataRow("{")]
    [DataRow("""{"format_version":"1","contract_version":1}""")]
    [DataRow("""{"format_version":1,"contract_version":1}""")]
    public void LineThatIsNoManifest_IsDamaged(string line) => Assert.ThrowsExactly<InvalidDataException>(() => ManifestFile.Parse(Signed(line)));

    [TestMethod]
    public void MissingOrNullMember_IsDamaged()
    {
        string line = File.ReadAllLines(GoldenPath)[0];

        Assert.ThrowsExactly<InvalidDataException>(() => ManifestFile.Parse(Signed(line.Replace("\"job\":\"feed-ctr\",\"settings_hash\"", "\"settings_hash\"", StringComparison.Ordinal))));
        Assert.ThrowsExactly<InvalidDataException>(() => ManifestFile.Parse(Signed(line.Replace("\"owner\":\"host-1-7\"", "\"owner\":null", StringComparison.Ordinal))));
        Assert.ThrowsExactly<InvalidDataException>(() => ManifestFile.Parse(Signed(line.Replace("\"anchor\":\"first\"", "\"anchor\":\"last\"", StringComparison.Ordinal))));
        Assert.ThrowsExactly<InvalidDataException>(() => ManifestFile.Parse(Signed(line.Replace(",\"log_page\":3", "", StringComparison.Ordinal))));
        ManifestFile.Parse(Signed(line));
    }

    private static byte[] Signed(string line) => Encoding.UTF8.GetBytes($"{line}\nxxh128:{FileChecksum.Of(Encoding.UTF8.GetBytes(line))}\n");
}
