using Microsoft.Extensions.Time.Testing;
using Microsoft.Win32.SafeHandles;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Sinks;
using Pipeline.Checkpoints;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Sinks;

namespace Pipeline.Tests.Checkpoints;

[TestClass]
public sealed class CheckpointStoreTests : IDisposable
{
    private readonly TempFolder _state = new();
    private readonly Random _random = new(7);

    public void Dispose() => _state.Dispose();

    [TestMethod]
    public async Task Checkpoints_AreListedNewestFirstWithTheirManifests()
    {
        CheckpointStore store = CheckpointFixture.Store(_state.Path);
        Assert.IsEmpty(store.List());
        foreach (long id in (long[])[1, 2, 10]) await CheckpointFixture.WriteAsync(store, id, lanes: 2, _random);

        IReadOnlyList<ListedCheckpoint> found = store.List();

        CollectionAssert.AreEqual((long[])[10, 2, 1], found.Select(static checkpoint => checkpoint.Id).ToArray());
        Assert.IsTrue(found.All(static checkpoint => checkpoint is { Condition: CheckpointCondition.Valid, Reason: "" }));
        Assert.AreEqual(_state["checkpoints/0000000010"], found[0].Directory);
        Assert.AreEqual(10, found[0].Manifest!.Id);
        Assert.AreEqual(21, found[0].Manifest!.OpenEvents());
    }

    [TestMethod]
    public async Task DirectoryWithoutAManifest_IsIncompleteAndMayBeBegunAnew()
    {
        CheckpointStore store = CheckpointFixture.Store(_state.Path);
        await CheckpointFixture.WriteAsync(store, 1, lanes: 1, _random);
        string begun = await store.BeginAsync(2, default);
        File.WriteAllText(Path.Combine(begun, "left"), "");

        Assert.AreEqual(CheckpointCondition.Incomplete, store.List()[0].Condition);
        await CheckpointFixture.WriteAsync(store, 2, lanes: 1, _random);

        Assert.AreEqual(CheckpointCondition.Valid, store.List()[0].Condition);
        Assert.IsFalse(File.Exists(Path.Combine(begun, "left")));
        await Assert.ThrowsExactlyAsync<InvariantException>(() => store.BeginAsync(2, default));
    }

    [TestMethod]
    public async Task Prune_KeepsTheNewestValidOnesAndReturnsTheOldestOfThem()
    {
        CheckpointStore writer = CheckpointFixture.Store(_state.Path);
        for (long id = 1; id <= 6; id++) await CheckpointFixture.WriteAsync(writer, id, lanes: 1, _random);
        await writer.BeginAsync(3 + 10, default);
        File.WriteAllText(_state["checkpoints/0000000005/lane-0/lane.snapshot"], "damaged");
        CheckpointStore store = CheckpointFixture.Store(_state.Path);

        CheckpointManifest? oldest = await store.PruneAsync(keep: 2, default);

        Assert.AreEqual(4, oldest!.Id);
        CollectionAssert.AreEqual((long[])[6, 5, 4], store.List().Select(static checkpoint => checkpoint.Id).ToArray());
        await store.RemoveAsync(6, default);
        Assert.AreEqual(4, (await store.PruneAsync(keep: 1, default))!.Id);
        await store.RemoveAsync(4, default);
        Assert.IsNull(await store.PruneAsync(keep: 1, default));
        Assert.AreEqual(5, store.List().Single().Id);
    }

    [TestMethod]
    public async Task FullDisk_DelaysTheCheckpoint()
    {
        var clock = new FakeTimeProvider();
        MessageList log = new();
        var files = new FaultyStore();
        CheckpointStore store = CheckpointFixture.Store(_state.Path, files, clock, log);
        files.FailingWrites = 5;

        await clock.PassUntil(CheckpointFixture.WriteAsync(store, 1, lanes: 1, _random), TimeSpan.FromSeconds(1));

        Assert.AreEqual(CheckpointCondition.Valid, store.List().Single().Condition);
        Assert.HasCount(2, log);
        Assert.Contains("manifest.json.tmp failed: No space left on device", log.First());
    }

    /// <summary>The process ends at each call on files in turn, before or behind it: the checkpoint before stays valid, and the next start writes its own.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task CrashAtAnyStep_LeavesTheOlderOneValid(bool before)
    {
        for (int step = 0, id = 2; ; step++, id++)
        {
            if (step == 0) await CheckpointFixture.WriteAsync(CheckpointFixture.Store(_state.Path), 1, lanes: 2, _random);
            var files = new EndingStore(step, before);
            CheckpointStore ending = CheckpointFixture.Store(_state.Path, files);
            bool ended = false;
            try
            {
                await CheckpointFixture.WriteAsync(ending, id, lanes: 2, _random);
                await ending.PruneAsync(keep: 1, default);
                ended = true;
            }
            catch (CrashException)
            {
            }

            CheckpointStore next = CheckpointFixture.Store(_state.Path);
            IReadOnlyList<ListedCheckpoint> found = next.List();
            Assert.IsTrue(found.All(static checkpoint => checkpoint.Condition is CheckpointCondition.Valid or CheckpointCondition.Incomplete), $"step {step}: {string.Join('\n', found)}");
            long newest = found.First(static checkpoint => checkpoint.Condition == CheckpointCondition.Valid).Id;
            Assert.AreEqual(files.Renamed ? id : id - 1, newest, $"step {step}");
            if (ended)
            {
                Assert.IsGreaterThan(6, step);
                return;
            }
            if (newest == id - 1) await CheckpointFixture.WriteAsync(next, id, lanes: 2, _random);
            Assert.AreEqual(id, (await next.PruneAsync(keep: 1, default))!.Id);
            Assert.HasCount(1, next.List());
        }
    }

    /// <summary>Real files until the process ends, at a call by number.</summary>
    private sealed class EndingStore(int at, bool before) : IFileStore
    {
        private int _call;

        /// <summary>Whether the manifest was renamed into place.</summary>
        public bool Renamed { get; private set; }

        public SafeFileHandle Open(string path) => FileStore.Real.Open(path);

        public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long position)
        {
            Come(first: true);
            FileStore.Real.Write(file, bytes, position);
            Come(first: false);
        }

        public void Sync(SafeFileHandle file)
        {
            Come(first: true);
            FileStore.Real.Sync(file);
            Come(first: false);
        }

        public void SyncDirectory(string path)
        {
            Come(first: true);
            FileStore.Real.SyncDirectory(path);
            Come(first: false);
        }

        public void Move(string from, string to)
        {
            Come(first: true);
            ((IFileStore)FileStore.Real).Move(from, to);
            Renamed = true;
            Come(first: false);
        }

        public void Replace(string path, ReadOnlySpan<byte> bytes) => throw new NotSupportedException();

        private void Come(bool first)
        {
            if (first != before) return;
            if (_call++ == at) throw new CrashException();
        }
    }
}
