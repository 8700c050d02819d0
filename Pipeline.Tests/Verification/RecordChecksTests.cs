using System.Text;
using Pipeline.Blocks.Records;
using Pipeline.Verification;
using static Pipeline.Tests.Verification.History;

namespace Pipeline.Tests.Verification;

[TestClass]
public sealed class RecordChecksTests
{
    private const string Good = """{"user_id":"u","item_id":"i","ts":1763978400000}""";

    [TestMethod]
    [DataRow(null, EventOutcome.Empty)]
    [DataRow("", EventOutcome.Empty)]
    [DataRow(" \t\r", EventOutcome.Empty)]
    [DataRow(Good, EventOutcome.Event)]
    [DataRow("  " + Good + " \r", EventOutcome.Event)]
    [DataRow("{", EventOutcome.Malformed)]
    [DataRow("[]", EventOutcome.Malformed)]
    [DataRow(Good + Good, EventOutcome.Malformed)]
    [DataRow("\uFEFF" + Good, EventOutcome.Malformed)]
    [DataRow("""{"user_id":"u","item_id":"i","ts":1763978400000,"x":"\ud83d"}""", EventOutcome.Malformed)]
    [DataRow("""{"user_id":"u","item_id":"i","ts":1763978400000,"\udc00":1}""", EventOutcome.Malformed)]
    [DataRow("""{"user_id":"u","item_id":"i","ts":1763978400000,"x":"\ud83d\ude00"}""", EventOutcome.Event)]
    [DataRow("""{"user_id":"u","item_id":"i"}""", EventOutcome.BadTime)]
    [DataRow("""{"user_id":"u","item_id":"i","ts":1763978400000.0}""", EventOutcome.BadTime)]
    [DataRow("""{"user_id":"u","item_id":"i","ts":" 1763978400000"}""", EventOutcome.BadTime)]
    [DataRow("""{"user_id":"u","item_id":"i","ts":-1}""", EventOutcome.BadTime)]
    [DataRow("""{"user_id":"u","item_id":"i","ts":4102444800001}""", EventOutcome.BadTime)]
    [DataRow("""{"user_id":"u","item_id":"i","ts":true}""", EventOutcome.BadTime)]
    [DataRow("""{"user_id":"u","item_id":"i","ts":0}""", EventOutcome.Event)]
    [DataRow("""{"user_id":"u","item_id":"i","ts":"1763978400000"}""", EventOutcome.Event)]
    [DataRow("""{"user_id":"u","ts":1}""", EventOutcome.MissingKey)]
    [DataRow("""{"user_id":"u","item_id":null,"ts":1}""", EventOutcome.MissingKey)]
    [DataRow("""{"user_id":"","item_id":"i","ts":1}""", EventOutcome.MissingKey)]
    [DataRow("""{"user_id":true,"item_id":"i","ts":1}""", EventOutcome.MissingKey)]
    [DataRow("""{"user_id":["u"],"item_id":"i","ts":1}""", EventOutcome.MissingKey)]
    public void FirstFailedCheck_NamesTheReason(string? record, EventOutcome expected) =>
        Assert.AreEqual(expected, OutcomeOf(new History().Record(0, record).Join()));

    [TestMethod]
    public void InvalidUtf8Anywhere_IsMalformed()
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(Good[..^1] + ",\"x\":\""), 0xC3, 0x28, .. "\"}"u8];

        Assert.AreEqual(EventOutcome.Malformed, OutcomeOf(new History().Record(new SourceRecord(0, [0], bytes)).Join()));
    }

    [TestMethod]
    public void DepthOver64_IsMalformed()
    {
        string Nested(int depth) => Good[..^1] + ",\"x\":" + new string('[', depth - 1) + new string(']', depth - 1) + "}";

        Assert.AreEqual(EventOutcome.Event, OutcomeOf(new History().Record(0, Nested(64)).Join()));
        Assert.AreEqual(EventOutcome.Malformed, OutcomeOf(new History().Record(0, Nested(65)).Join()));
    }

    [TestMethod]
    public void RecordOverTheLimit_IsTooLarge_EvenWhenMalformed()
    {
        var history = new History();
        history.Job = history.Job with { MaxRecordBytes = Good.Length };

        Assert.AreEqual(EventOutcome.Event, OutcomeOf(history.Record(0, Good).Join()));
        Assert.AreEqual(EventOutcome.TooLarge, OutcomeOf(new History { Job = history.Job }.Record(0, "{" + Good).Join()));
    }

    [TestMethod]
    public void TimeLaterThanTheSourcesTimestampAndTheBound_IsFutureTime_AndRaisesNoWatermark()
    {
        var history = new History();
        history.Job = history.Job with { Time = new TimeOptions { OutOfOrderness = TimeSpan.Zero, MaxFuture = TimeSpan.FromSeconds(5) } };
        SourceRecord Stamped(long behind, string user) => new(0, [0], Encoding.UTF8.GetBytes(Good.Replace("\"u\"", $"\"{user}\"", StringComparison.Ordinal)), TenOClock - behind);

        ReferenceResult result = history.Record(Stamped(5001, "a")).Record(Stamped(5000, "b")).Join();

        Assert.AreEqual(1, result.Streams[0].Rejected(EventOutcome.FutureTime));
        Assert.AreEqual(1, result.Streams[0].Joined);
    }

    [TestMethod]
    [DataRow(TimeUnit.Seconds, "1763978400", 1763978400000)]
    [DataRow(TimeUnit.Microseconds, "1763978400000999", 1763978400000)]
    [DataRow(TimeUnit.Iso8601, "\"2025-11-24T10:00:00Z\"", 1763978400000)]
    [DataRow(TimeUnit.Iso8601, "\"2025-11-24T10:00:00\"", 1763978400000)]
    [DataRow(TimeUnit.Iso8601, "\"2025-11-24T12:00:00.1239999+02:00\"", 1763978400123)]
    public void TimeUnits_AreMadeMilliseconds(TimeUnit unit, string written, long expected)
    {
        StreamOptions exposure = Stream("exposure", StreamRole.Exposure) with { Time = new EventTimeOptions { Field = "ts", Unit = unit } };

        ReferenceResult result = new History { Job = JobOf(exposure, Stream("click", StreamRole.Action)) }
            .Record(0, $$"""{"user_id":"u","item_id":"i","ts":{{written}}}""").Join();

        Assert.AreEqual(expected, Json(result.Samples.Single()).GetProperty("window_start").GetInt64());
    }

    [TestMethod]
    public void TimeOfTheRecord_IsTheSourcesTimestamp()
    {
        StreamOptions exposure = Stream("exposure", StreamRole.Exposure) with { Time = new EventTimeOptions() };
        var history = new History { Job = JobOf(exposure, Stream("click", StreamRole.Action)) };

        ReferenceResult result = history.Record(new SourceRecord(0, [0], Encoding.UTF8.GetBytes(Good), 42)).Record(0, Good).Join();

        Assert.AreEqual(42, Json(result.Samples.Single()).GetProperty("window_start").GetInt64());
        Assert.AreEqual(1, result.Streams[0].Rejected(EventOutcome.BadTime));
    }

    [TestMethod]
    [DataRow("\"n\":5", true)]
    [DataRow("\"n\":\"5.0\"", true)]
    [DataRow("\"n\":0", true)]
    [DataRow("\"n\":10.5", false)]
    [DataRow("\"n\":-1", false)]
    [DataRow("\"n\":\"five\"", false)]
    [DataRow("\"n\":null", false)]
    [DataRow("\"x\":1", false)]
    public void Range_HoldsForNumbersInside(string field, bool holds)
    {
        StreamOptions exposure = Stream("exposure", StreamRole.Exposure, null, new FilterOptions { Field = "n", Min = 0, Max = 10 });

        ReferenceResult result = new History { Job = JobOf(exposure, Stream("click", StreamRole.Action)) }.Event(0, TimeSpan.Zero, field).Join();

        Assert.AreEqual(holds ? 0 : 1, result.Streams[0].Filtered);
    }

    private static EventOutcome OutcomeOf(ReferenceResult result)
    {
        StreamLedger ledger = result.Streams[0];
        Assert.AreEqual(1, ledger.Records);
        if (ledger.Filtered > 0) return EventOutcome.Filtered;
        return ledger.Events > 0 ? EventOutcome.Event : Enum.GetValues<EventOutcome>().First(reason => ledger.Rejected(reason) > 0);
    }
}
