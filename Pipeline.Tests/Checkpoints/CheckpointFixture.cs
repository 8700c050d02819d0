using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Checkpoints;
using Pipeline.Configuration;

namespace Pipeline.Tests.Checkpoints;

/// <summary>Checkpoints as a job of two streams writes them, with snapshot files of a few pages.</summary>
internal static class CheckpointFixture
{
    public static CheckpointStore Store(string stateDirectory, IFileStore? files = null, TimeProvider? clock = null, ILogger? log = null) =>
        new(stateDirectory, new StorageRetry(clock ?? TimeProvider.System, Timeout.InfiniteTimeSpan, log ?? NullLogger.Instance), files ?? FileStore.Real);

    /// <summary>Writes a checkpoint whose snapshots are random bytes.</summary>
    public static async Task<CheckpointManifest> WriteAsync(CheckpointStore store, long id, int lanes, Random random)
    {
        string directory = await store.BeginAsync(id, default);
        var written = new List<ManifestLane>();
        for (int lane = 0; lane < lanes; lane++)
        {
            string file = $"lane-{lane}/{LaneSnapshot.FileName}";
            Directory.CreateDirectory(Path.Combine(directory, $"lane-{lane}"));
            byte[] bytes = new byte[(3 << 12) + 100];
            random.NextBytes(bytes);
            File.WriteAllBytes(Path.Combine(directory, file), bytes);
            written.Add(ManifestLane.Of(directory, file, new LaneFloor(new TableFloor(1, 2 + lane), 3), open: 10 + lane));
        }
        CheckpointManifest manifest = Manifest(id, written);
        await store.CommitAsync(manifest, [directory], default);
        return manifest;
    }

    public static CheckpointManifest Manifest(long id, IReadOnlyList<ManifestLane> lanes)
    {
        EmissionPoint[] points = EmissionPoint.NoneOfAll();
        points[5] = new EmissionPoint(1_764_000_000_000, new KeyHash(0xABCDEF, 5), 1_763_998_800_000, 1);
        return new CheckpointManifest
        {
            FormatVersion = CheckpointManifest.CurrentFormat,
            ContractVersion = SettingsHash.ContractVersion,
            Job = "feed-ctr",
            SettingsHash = "00ff",
            Settings = """{"job":"feed-ctr","paths":["logs/é.jsonl"]}""",
            Id = id,
            Created = 1_764_000_100_000,
            Owner = "host-1-7",
            Origin = "host-1-3",
            Discards = null,
            Delivery = DeliveryMode.ExactlyOnce,
            CleanStop = true,
            Finished = false,
            Streams = [new ManifestStream("exposure", StreamRole.Exposure), new ManifestStream("click", StreamRole.Action)],
            WindowMs = 1_200_000,
            Anchor = WindowAnchor.First,
            KeepsLetters = true,
            Lanes = lanes,
            Partitions =
            [
                new ManifestPartition
                {
                    Source = "logs/é.jsonl", Number = 0, Streams = [0], HasTimestamps = false, Identity = "", Columns = ["a", "b"], Start = 0, Position = 120,
                    End = SourcePartition.NoEnd, Fingerprint = ulong.MaxValue, MaxEventTime = 1_764_000_000_500, Floor = SourcePartition.NoTime, Known = true,
                },
                new ManifestPartition
                {
                    Source = "click", Number = 7, Streams = [1], HasTimestamps = true, Identity = "topic-id", Columns = [], Start = 41, Position = 99, End = 99,
                    Fingerprint = null, MaxEventTime = SourcePartition.NoTime, Floor = 5, Known = false,
                },
            ],
            Watermark = long.MaxValue,
            MaxEventTime = 1_764_000_000_500,
            StreamWatermarks = [1_763_999_990_500, long.MaxValue],
            Floors = new FloorHistory(3, [new PartitionFloor("click", 7, 50, 5)], [new IdlePartition("click", 8, 60)]),
            Ledger = new ManifestLedger
            {
                SourceRecords = 200,
                Streams = [new ManifestStreamLedger(120, [0, 0, 1, 0, 0, 2], [3], 114, 4, 0), new ManifestStreamLedger(80, [0, 0, 0, 0, 0, 0], [], 80, 0, 1)],
                Ranks = [new ManifestRankLedger(90, 1), new ManifestRankLedger(20, 0)],
                InvalidByRule = [1],
                Samples = 85,
                Positives = 18,
            },
            Points = ManifestPoint.Of(points),
            Commits = 12,
        };
    }
}
