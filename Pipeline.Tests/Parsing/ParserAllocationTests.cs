using System.Text;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Parsing;

[TestClass]
[DoNotParallelize] // A pool that another test empties meanwhile would be filled anew here.
public sealed class ParserAllocationTests
{
    private const int Records = 10_000;
    private const int Rounds = 12;

    private static readonly FilterOptions[] Filters = [new() { Field = "scene", In = ["feed", "search"] }, new() { Field = "position", Min = 0, Max = 500 }];

    [TestMethod]
    public void Json_AllocatesNothingForARecord() => AssertNothingAllocated(
        RecordFormat.Json,
        i => $$"""{"user_id":"u{{i}}","item_id":{{i}},"ts":{{1_764_000_000_000 + i}},"event_id":"e\u002d{{i}}","scene":"{{(i % 3 == 0 ? "feed" : "detail")}}","position":"{{i % 600}}","features":{"f1":0.5,"f2":[1,2]} {{(i % 7 == 0 ? "" : "}")}}""");

    [TestMethod]
    public void Csv_AllocatesNothingForARecord() => AssertNothingAllocated(
        RecordFormat.Csv,
        i => $"u{i},\"i\"\"{i}\",{1_764_000_000_000 + i},e{i},{(i % 3 == 0 ? "feed" : "detail")},{i % 600}{(i % 7 == 0 ? ",x" : "")}");

    private static void AssertNothingAllocated(RecordFormat format, Func<int, string> record)
    {
        StreamOptions exposures = ParserRig.Exposures(format) with { Csv = new CsvOptions { Columns = ["user_id", "item_id", "ts", "event_id", "scene", "position"] } };
        var rig = new ParserRig([exposures with { Filters = Filters }, exposures with { Name = "click", Time = new EventTimeOptions() }, exposures with { Name = "like" }]);
        RecordBatch batch = rig.Batch();
        for (int i = 0; i < Records; i++) batch.Add(Encoding.UTF8.GetBytes(record(i)), i, 1_764_000_000_000 + i);
        rig.Parse(batch);
        Assert.Contains(EventOutcome.Malformed, batch.Events[..batch.EventCount].Select(parsed => parsed.Outcome));
        Assert.Contains(EventOutcome.Event, batch.Events[..batch.EventCount].Select(parsed => parsed.Outcome));
        Assert.Contains(EventOutcome.Filtered, batch.Events[..batch.EventCount].Select(parsed => parsed.Outcome));

        long allocated = Allocations.Least(() =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                batch.EventCount = batch.ArenaUsed = 0;
                rig.Parse(batch);
            }
        });

        Assert.AreEqual(0, allocated, $"{Rounds * Records} records");
    }
}
