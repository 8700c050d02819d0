using Pipeline.Reports;
using Pipeline.Watching;

namespace Pipeline.Tests.Watching;

[TestClass]
public sealed class RunStatusTests
{
    private static readonly Dictionary<string, string> Parse = new() { ["block"] = "parse", ["lane"] = "-" }, Lane = new() { ["block"] = "join", ["lane"] = "1" };
    private static readonly DateTime Ten = new(2025, 11, 25, 10, 0, 0, DateTimeKind.Utc);

    [TestMethod]
    public void Rates_AreThoseBetweenTwoReports_AndOfTheLastMinuteBeforeThereAreTwo()
    {
        Report first = At(Ten, items: 1_000), second = At(Ten.AddSeconds(2), items: 5_000);

        Assert.AreEqual(7, RunStatus.Of(first, Ready).Blocks[0].ItemsPerSecond);
        Assert.AreEqual(2_000, RunStatus.Of(second, Ready, first).Blocks[0].ItemsPerSecond);
        Assert.AreEqual(0, RunStatus.Of(At(Ten.AddSeconds(4), items: 10), Ready, second).Blocks[0].ItemsPerSecond, "the process was started anew");
    }

    [TestMethod]
    public void Blocks_HaveTheirLanes_AndTheirOwnValues()
    {
        IReadOnlyList<BlockStatus> blocks = RunStatus.Of(At(Ten, items: 1), Ready).Blocks;

        Assert.AreEqual(new BlockStatus("parse", null, 0.25, 0, 3, 8, 7), blocks[0]);
        Assert.AreEqual(new BlockStatus("join", "1", 0, 0.75, 8, 8, 0), blocks[1]);
    }

    [TestMethod]
    public void ChecksThatDoNotHold_StandFirst()
    {
        var waits = new Readiness(false, [new ReadinessCheck("run", true, "reads"), new ReadinessCheck("sink", false, "b:1: refused")]);

        Assert.AreEqual("(no run): not ready\n  not ready: sink: b:1: refused", StatusView.Lines(RunStatus.Of(null, waits)));
        Assert.StartsWith("feed-ctr: not ready\n  not ready: sink: b:1: refused\n  → waits\n", StatusView.Lines(RunStatus.Of(At(Ten, 1), waits)));
    }

    private static Readiness Ready => new(true, []);

    private static Report At(DateTime time, double items) => new(time, "feed-ctr", "waits",
    [
        new ReportContext("Runtime", [], [new CounterPart("pipeline.block.items", "{item}", items, [], Parse)],
        [
            new GaugePart("pipeline.queue.length", "{batch}", 3, Parse), new GaugePart("pipeline.queue.length", "{batch}", 8, Lane),
            new GaugePart("pipeline.queue.capacity", "{batch}", 8, Parse), new GaugePart("pipeline.queue.capacity", "{batch}", 8, Lane),
            new GaugePart("pipeline.block.busy.share", "1", 0.25, Parse), new GaugePart("pipeline.block.backpressure", "1", 0.75, Lane),
        ], [], [new MeterPart("pipeline.block.items", "{item}", items, 1, 7, 1, 1, "s", [], Parse)], []),
    ]);
}
