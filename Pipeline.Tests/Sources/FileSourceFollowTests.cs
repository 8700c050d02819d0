using System.Text;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;

namespace Pipeline.Tests.Sources;

[TestClass]
public sealed class FileSourceFollowTests : IDisposable
{
    private readonly FileSourceFixture _files = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SourceIntake _intake = new();

    public void Dispose()
    {
        _files.Dispose();
        _stop.Dispose();
    }

    [TestMethod]
    public async Task GrowingFile_IsFollowed_ALineCountsOnceItsNewlineIsThere()
    {
        _files.Write("a.jsonl", "one\ntw");
        Task run = await FollowAsync("a.jsonl");
        await _intake.UntilAsync(static seen => seen.Notices.Contains("a.jsonl-0:CaughtUp@4"), _files.Clock, run);
        Assert.AreEqual("0:one", string.Join(", ", _intake.Records));

        _files.Append("a.jsonl", "o\nthree\n");

        await _intake.UntilAsync(static seen => seen.Notices.Contains("a.jsonl-0:CaughtUp@14"), _files.Clock, run);
        Assert.AreEqual("0:one, 4:two, 8:three", string.Join(", ", _intake.Records));
        await StopAsync(run);
    }

    [TestMethod]
    public async Task NewFile_AppearsBeforeItsRecords()
    {
        _files.Write("a-1.jsonl", "one\n");
        Task run = await FollowAsync("a-*.jsonl");
        await _intake.UntilAsync(static seen => seen.Notices.Contains("a-1.jsonl-0:CaughtUp@4"), _files.Clock, run);

        _files.Write("a-2.jsonl", "new\n");

        await _intake.UntilAsync(static seen => seen.Records.Contains("0:new"), _files.Clock, run);
        string[] seen = [.. _intake.Seen];
        Assert.IsLessThan(Array.IndexOf(seen, "0:new"), Array.IndexOf(seen, "#a-2.jsonl-0:Appeared@0"));
        await StopAsync(run);
    }

    [TestMethod]
    public async Task CaughtUp_IsRepeatedAboutEverySecond_WithTheTimeOfTheQuestion()
    {
        List<long> at = [];
        var intake = new SourceIntake(taken: batch =>
        {
            if (batch.Notice == PartitionNotice.CaughtUp) lock (at) at.Add(batch.At);
            return Task.CompletedTask;
        });
        _files.Write("a.jsonl", "one\n");
        FileSource source = _files.Source(_files.Context(untilEnd: false), "a.jsonl");
        await source.OpenAsync(CancellationToken.None);
        Task run = source.RunAsync(intake.Block, _stop.Token);

        await intake.UntilAsync(seen => at.Count >= 4, _files.Clock, run);

        for (int i = 1; i < 4; i++)
        {
            Assert.IsGreaterThanOrEqualTo(1_000, at[i] - at[i - 1]);
            Assert.IsLessThanOrEqualTo(_files.Clock.GetUtcNow().ToUnixTimeMilliseconds(), at[i]);
        }
        await StopAsync(run);
    }

    [TestMethod]
    public async Task GzipThatEndsInsideAMember_IsNotCaughtUp_AndIsReadOnWhenItGrows()
    {
        byte[] whole = FileSourceFixture.Gzip(Encoding.UTF8.GetBytes("one\ntwo\n"));
        _files.Append("a.gz", whole.AsSpan(0, whole.Length - 5));
        _files.Write("b.jsonl", "b\n");
        Task run = await FollowAsync("a.gz", "b.jsonl");
        await _intake.UntilAsync(static seen => seen.Notices.Count(static notice => notice.StartsWith("b.jsonl-0:CaughtUp", StringComparison.Ordinal)) > 2, _files.Clock, run);
        Assert.IsFalse(_intake.Notices.Any(static notice => notice.StartsWith("a.gz-0:CaughtUp", StringComparison.Ordinal)));

        _files.Append("a.gz", whole.AsSpan(whole.Length - 5));

        await _intake.UntilAsync(static seen => seen.Notices.Contains("a.gz-0:CaughtUp@8"), _files.Clock, run);
        CollectionAssert.IsSubsetOf(new[] { "0:one", "4:two" }, _intake.Records.ToArray());
        await StopAsync(run);
    }

    [TestMethod]
    public async Task CutFile_StopsTheSource_SayingWhatWasExpected()
    {
        _files.Write("a.jsonl", "one\ntwo\n");
        Task run = await FollowAsync("a.jsonl");
        await _intake.UntilAsync(static seen => seen.Notices.Contains("a.jsonl-0:CaughtUp@8"), _files.Clock, run);

        _files.Write("a.jsonl", "one\n");

        SourceChangedException failure = await Assert.ThrowsExactlyAsync<SourceChangedException>(() => _intake.UntilAsync(static _ => false, _files.Clock, run));
        Assert.Contains($"{_files.PathOf("a.jsonl")} has changed while it was needed: expected 8 bytes or more, found 4", failure.Message);
    }

    [TestMethod]
    public async Task RemovedFile_StopsTheSource()
    {
        _files.Write("a.jsonl", "one\n");
        Task run = await FollowAsync("a.jsonl");
        await _intake.UntilAsync(static seen => seen.Notices.Contains("a.jsonl-0:CaughtUp@4"), _files.Clock, run);

        File.Delete(_files.PathOf("a.jsonl"));

        await Assert.ThrowsExactlyAsync<SourceChangedException>(() => _intake.UntilAsync(static _ => false, _files.Clock, run));
    }

    private async Task<Task> FollowAsync(params string[] names)
    {
        FileSource source = _files.Source(_files.Context(untilEnd: false), names);
        await source.OpenAsync(CancellationToken.None);
        return source.RunAsync(_intake.Block, _stop.Token);
    }

    private async Task StopAsync(Task run)
    {
        await _stop.CancelAsync();
        await run.WaitAsync(TimeSpan.FromSeconds(30));
    }
}
