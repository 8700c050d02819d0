using Pipeline.Blocks.Sources;

namespace Pipeline.Tests.Sources;

[TestClass]
[DoNotParallelize]
public sealed class FileSourceAllocationTests : IDisposable
{
    private readonly FileSourceFixture _files = new();

    public void Dispose() => _files.Dispose();

    [TestMethod]
    [DataRow("a.jsonl")]
    [DataRow("a.jsonl.gz")]
    public async Task SteadyState_AllocatesNothingARecord(string name)
    {
        const int Records = 400_000;
        _files.Write(name, string.Concat(Enumerable.Range(0, Records).Select(static i => $"{{\"user_id\":\"u{i % 977}\",\"item_id\":\"i{i % 131}\",\"ts\":{1_750_000_000_000 + i}}}\n")));
        FileSource source = _files.Source(_files.Context(untilEnd: true), name);
        await source.OpenAsync(CancellationToken.None);
        var drain = new MeasuringDrain(warmUp: Records / 4, stretch: Records / 8);

        await source.RunAsync(drain, CancellationToken.None);

        Assert.AreEqual(Records, drain.Records);
        Assert.IsLessThanOrEqualTo(0.05, drain.MedianBytesPerRecord, drain.Stretches);
    }
}
