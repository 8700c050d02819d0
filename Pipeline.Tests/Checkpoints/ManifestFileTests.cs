using System.Text;
using Pipeline.Blocks.Records;
using Pipeline.Checkpoints;

namespace Pipeline.Tests.Checkpoints;

[TestClass]
public sealed class ManifestFileTests
{

    [TestMethod]
    public void Manifest_ReadsBackAsItWasWritten()
    {
        CheckpointManifest manifest = CheckpointFixture.Manifest(42, [new ManifestLane("lane-0/lane.snapshot", 7, "ab", 1, 2, 3, 4)]);
        byte[] bytes = ManifestFile.Format(manifest);

        CheckpointManifest read = ManifestFile.Parse(bytes);

        Assert.AreEqual(Encoding.UTF8.GetString(bytes), Encoding.UTF8.GetString(ManifestFile.Format(read)));
        Console.WriteLine(Encoding.UTF8.GetString(bytes)); Assert.AreEqual(manifest.Settings, read.Settings);
        Assert.AreEqual(ulong.MaxValue, read.Partitions[0].Fingerprint);
        EmissionPoint[] points = ManifestPoint.ToPoints(read.Points);
        Assert.AreEqual(new EmissionPoint(1_764_000_000_000, new KeyHash(0xABCDEF, 5), 1_763_998_800_000, 1), points[5]);
        Assert.AreEqual(63, points.Count(static point => point == EmissionPoint.None));
        Assert.AreEqual(3, read.Lanes[0].Floor().LogPage);
    }
}
