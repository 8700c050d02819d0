using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;
using Pipeline.Tests.Fakes;
using Pipeline.Verification;

namespace Pipeline.Tests.Verification;

/// <summary>A real public log, whose counts were found by three other programs (the README beside it).</summary>
[TestClass]
public sealed class TaobaoTests
{
    [TestMethod]
    public void Hours_HaveTheKnownWindows_AndTheCutOffLastLineIsLate()
    {
        ReferenceResult result = Join(TimeSpan.Zero, "hours");

        Assert.HasCount(84_660, result.Samples);
        Assert.AreEqual(168, result.Positives);
        AssertLedger(result, "pv", events: 85_774, joined: 85_773, orphaned: 0, late: 1);
        AssertLedger(result, "cart", 5_292, 62, 5_230, 0);
        AssertLedger(result, "fav", 2_959, 24, 2_935, 0);
        AssertLedger(result, "buy", 2_144, 82, 2_062, 0);
        Assert.IsTrue(result.Streams.All(stream => stream.Records == 96_169));
    }

    [TestMethod]
    public void Users_HaveTheKnownWindows_WithAnOutOfOrdernessBeyondTheirStepsBack()
    {
        ReferenceResult result = Join(TimeSpan.FromDays(90), "users-head", "users-tail");

        Assert.HasCount(11_846, result.Samples);
        Assert.AreEqual(147, result.Positives);
        Assert.AreEqual(12_972, result.Streams[0].Joined);
        Assert.AreEqual(151, result.Streams.Skip(1).Sum(stream => stream.Joined));
        Assert.AreEqual(1_198, result.Streams.Skip(1).Sum(stream => stream.Orphaned));
    }

    [TestMethod]
    [DataRow(0, 14_156)]
    [DataRow(1, 12_096)]
    public void Users_HaveTheKnownLateEvents_WithAPartitionPerFile(int days, int late) =>
        Assert.AreEqual(late, Join(TimeSpan.FromDays(days), "users-head", "users-tail").Streams.Sum(stream => stream.Late));

    private static void AssertLedger(ReferenceResult result, string stream, long events, long joined, long orphaned, long late)
    {
        StreamLedger ledger = result.Streams.Single(one => one.Name == stream);
        Assert.AreEqual((events, joined, orphaned, late), (ledger.Events, ledger.Joined, ledger.Orphaned, ledger.Late), stream);
    }

    private static ReferenceResult Join(TimeSpan outOfOrderness, params string[] logs)
    {
        string folder = Directory.CreateTempSubdirectory("taobao-").FullName;
        try
        {
            var source = new FileSourceOptions { Paths = [.. logs.Select(log => TaobaoLog.Unpack(log, folder))] };
            JobOptions job = new()
            {
                Job = "taobao",
                Time = new TimeOptions { OutOfOrderness = outOfOrderness },
                Streams = [.. ((string[])["pv", "cart", "fav", "buy"]).Select(behaviour => StreamOf(behaviour, source))],
                Sink = new FileSinkOptions { Dir = "unused" },
                State = new() { Dir = "unused" },
            };
            return ReferenceJoin.Run(job, SourceReader.ReadAll(job));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static StreamOptions StreamOf(string behaviour, SourceOptions source) => new()
    {
        Name = behaviour,
        Role = behaviour == "pv" ? StreamRole.Exposure : StreamRole.Action,
        Positive = behaviour != "pv",
        Source = source,
        Format = RecordFormat.Csv,
        Csv = new CsvOptions { Columns = ["user", "item", "category", "behaviour", "seconds"], Header = false },
        Key = ["user", "item"],
        Time = new EventTimeOptions { Field = "seconds", Unit = TimeUnit.Seconds },
        Filters = [new FilterOptions { Field = "behaviour", In = [behaviour] }],
    };
}
