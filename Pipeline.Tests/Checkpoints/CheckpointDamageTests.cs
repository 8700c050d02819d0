using Pipeline.Blocks.Joining;
using Pipeline.Checkpoints;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Models;

namespace Pipeline.Tests.Checkpoints;

/// <summary>Whatever becomes of a checkpoint's files, it is told from a whole one, and the others are not mistaken for damaged.</summary>
[TestClass]
public sealed class CheckpointDamageTests
{
    private const int Lanes = 3;
    private const int Page = 4096;
    private static readonly long[] Ids = [1, 2, 3];

    private readonly Random _random = new(20_251_124);

    [TestMethod]
    public async Task AnyDamage_IsFoundAndNeverThrown()
    {
        using var state = new TempFolder();
        CheckpointStore store = CheckpointFixture.Store(state.Path);
        foreach (long id in Ids) await CheckpointFixture.WriteAsync(store, id, Lanes, _random);
        var kinds = new Dictionary<string, int>();
        for (int round = 0; round < Iterations.Of(1500); round++)
        {
            long id = Ids[_random.Next(Ids.Length)];
            string directory = Path.Combine(state.Path, "checkpoints", CheckpointReader.NameOf(id));
            var whole = FilesOf(directory).ToDictionary(static path => path, File.ReadAllBytes);

            (string kind, bool incomplete) = Damage(state.Path, id, directory);

            kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
            IReadOnlyList<ListedCheckpoint> found = store.List();
            foreach (ListedCheckpoint checkpoint in found)
            {
                CheckpointCondition expected = checkpoint.Id != id ? CheckpointCondition.Valid : incomplete ? CheckpointCondition.Incomplete : CheckpointCondition.Damaged;
                Assert.AreEqual(expected, checkpoint.Condition, $"round {round}, {kind} in {id}: {checkpoint}");
                if (checkpoint.Id == id) Assert.Contains(directory, checkpoint.Reason);
            }
            Assert.HasCount(Ids.Length, found);
            foreach ((string path, byte[] bytes) in whole) Restore(path, bytes);
        }
        Assert.HasCount(9, kinds, string.Join(", ", kinds));
        Assert.IsTrue(store.List().All(static checkpoint => checkpoint.Condition == CheckpointCondition.Valid), "restored, all are valid again");
    }

    private (string Kind, bool Incomplete) Damage(string state, long id, string directory)
    {
        string[] files = [.. FilesOf(directory)];
        string path = files[_random.Next(files.Length)];
        byte[] bytes = File.ReadAllBytes(path);
        switch (_random.Next(9))
        {
            case 0:
                bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
                File.WriteAllBytes(path, bytes);
                return ("bit", false);
            case 1:
                File.WriteAllBytes(path, bytes[.._random.Next(bytes.Length)]);
                return ("truncation", false);
            case 2:
                int start = _random.Next((bytes.Length + Page - 1) / Page) * Page;
                Array.Clear(bytes, start, Math.Min(Page, bytes.Length - start));
                File.WriteAllBytes(path, bytes);
                return ("zeroed page", false);
            case 3:
                File.Delete(path);
                return ("missing file", Path.GetFileName(path) == ManifestFile.Name);
            case 4:
                File.Copy(Other(state, id, Path.GetRelativePath(directory, path)), path, overwrite: true);
                return ("file of another checkpoint", false);
            case 5:
                int lane = _random.Next(Lanes);
                byte[] first = File.ReadAllBytes(SnapshotOf(directory, lane)), second = File.ReadAllBytes(SnapshotOf(directory, (lane + 1) % Lanes));
                File.WriteAllBytes(SnapshotOf(directory, lane), second);
                File.WriteAllBytes(SnapshotOf(directory, (lane + 1) % Lanes), first);
                return ("swapped", false);
            case 6:
                File.WriteAllBytes(path, [.. bytes, (byte)_random.Next(256)]);
                return ("a byte more", false);
            case 7:
                Directory.Delete(Path.Combine(directory, $"lane-{_random.Next(Lanes)}"), recursive: true);
                return ("missing directory", false);
            default:
                foreach (string each in files) File.Copy(Other(state, id, Path.GetRelativePath(directory, each)), each, overwrite: true);
                return ("another checkpoint as a whole", false);
        }
    }

    private static string Other(string state, long id, string file) => Path.Combine(state, "checkpoints", CheckpointReader.NameOf(id == 1 ? 2 : id - 1), file);

    private static string SnapshotOf(string directory, int lane) => Path.Combine(directory, $"lane-{lane}", LaneSnapshot.FileName);

    private static IEnumerable<string> FilesOf(string directory) => Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    private static void Restore(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }
}
