using System.Text.Json;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Verification;
using static Pipeline.Tests.Verification.History;

namespace Pipeline.Tests.Verification;

[TestClass]
public sealed class ReferenceJoinTests
{
    private const int Exposure = 0, Click = 1;

    private static TimeSpan Minutes(double minutes) => TimeSpan.FromMinutes(minutes);

    [TestMethod]
    public void WorkedExample_IsOneSample_WhateverTheOrderOfArrival()
    {
        History history = new History()
            .Event(Exposure, Minutes(0), "\"scene\":\"feed\"")
            .Event(Click, Minutes(20) - TimeSpan.FromMilliseconds(1))
            .Event(Exposure, Minutes(5), "\"scene\":\"search\"")
            .Event(Click, Minutes(20));

        foreach (ReferenceResult result in (ReferenceResult[])[history.Join(), history.JoinBackwards()])
        {
            ReferenceSample sample = result.Samples.Single();
            Assert.AreEqual(
                $$"""{"sample_id":"{{sample.Id}}","key":{"user_id":"u1","item_id":"i2"},"window_start":1763978400000,"window_end":1763979600000"""
                + ""","revision":0,"exposures":2,"label":1,"labels":{"click":{"label":1,"count":1,"first_delay_ms":1199999}}"""
                + ""","weight":1,"sampling_rate":1,"features":{"user_id":"u1","item_id":"i2","ts":1763978400000,"scene":"feed"}}""",
                Text(sample));
            Assert.AreEqual("u1|i2", System.Text.Encoding.UTF8.GetString(sample.Key));
            Assert.AreEqual(1, result.Positives);
            Assert.AreEqual(2, result.Streams[Exposure].Joined);
            Assert.AreEqual(1, result.Streams[Click].Joined);
            Assert.AreEqual(1, result.Streams[Click].Orphaned);
        }
    }

    [TestMethod]
    public void EventBelowItsFloor_IsLateIdle_AndOneAtItIsNot()
    {
        ReferenceResult result = new History()
            .Event(Exposure, Minutes(0))
            .Floor(Minutes(5)).Event(Click, Minutes(5) - TimeSpan.FromMilliseconds(1)).Event(Click, Minutes(5)).Join();

        Assert.AreEqual(1, result.Streams[Click].LateIdle);
        Assert.AreEqual(0, result.Streams[Click].Late);
        Assert.AreEqual(1, result.Streams[Click].Joined);
    }

    [TestMethod]
    public void EventBelowItsPartitionsWatermark_IsLate_WhateverTheFloor()
    {
        ReferenceResult result = new History()
            .Event(Exposure, Minutes(0)).Event(Click, Minutes(90))
            .Floor(Minutes(60)).Event(Click, Minutes(29)).Event(Click, Minutes(59)).Join();

        Assert.AreEqual(1, result.Streams[Click].Late);
        Assert.AreEqual(1, result.Streams[Click].LateIdle);
    }

    [TestMethod]
    public void RecordBelowTheFloor_RaisesItsPartitionsWatermarkAllTheSame()
    {
        ReferenceResult result = new History()
            .Floor(Minutes(200)).Event(Click, Minutes(100)).Floor(null).Event(Click, Minutes(39)).Event(Click, Minutes(40)).Join();

        Assert.AreEqual(1, result.Streams[Click].LateIdle);
        Assert.AreEqual(1, result.Streams[Click].Late);
        Assert.AreEqual(1, result.Streams[Click].Orphaned);
    }

    [TestMethod]
    [DataRow((20 * 60_000) - 1, 0)]
    [DataRow(20 * 60_000, 1)]
    [DataRow((40 * 60_000) - 1, 1)]
    [DataRow(40 * 60_000, 2)]
    public void WindowsThatEndAboveTheWatermark_AreOpen_AndWhatIsNotBelowItWaits(int watermark, int samples)
    {
        ReferenceResult result = new History()
            .Event(Exposure, Minutes(0)).Event(Click, Minutes(1)).Event(Exposure, Minutes(20)).Event(Click, Minutes(20)).JoinUpTo(TimeSpan.FromMilliseconds(watermark));

        Assert.HasCount(samples, result.Samples);
        foreach (StreamLedger stream in result.Streams) Assert.AreEqual((samples, 2 - samples), (stream.Joined, stream.Open));
    }

    [TestMethod]
    public void SampleId_IsXxh128OfTheEncodedKeyAndTheStart()
    {
        ReferenceSample sample = new History().Event(Exposure, Minutes(0)).Join().Samples.Single();

        // xxh128sum of 02000000 "u1" 02000000 "i2" and 1763978400000 as i64, little-endian: computed with the C library xxHash 0.8.1.
        Assert.AreEqual(KnownSampleId, sample.Id);
    }

    [TestMethod]
    public void ExposureAtWindowEnd_OpensTheNextWindow()
    {
        ReferenceResult result = new History()
            .Event(Exposure, Minutes(0)).Event(Exposure, Minutes(20)).Event(Click, Minutes(20)).Join();

        Assert.HasCount(2, result.Samples);
        Assert.AreEqual(1, result.Positives);
        JsonElement positive = Json(result.Samples.Single(sample => sample.Label == 1));
        Assert.AreEqual(0, positive.GetProperty("labels").GetProperty("click").GetProperty("first_delay_ms").GetInt64());
    }

    [TestMethod]
    public void ClickBeforeItsExposure_IsOrphaned()
    {
        ReferenceResult result = new History().Event(Click, Minutes(0)).Event(Exposure, Minutes(1)).Join();

        Assert.AreEqual(0, result.Samples.Single().Label);
        Assert.AreEqual(1, result.Streams[Click].Orphaned);
    }

    [TestMethod]
    public void ClickAtItsExposuresTime_IsInTheWindow()
    {
        ReferenceResult result = new History().Event(Click, Minutes(3)).Event(Exposure, Minutes(3)).Join();

        Assert.AreEqual(1, result.Samples.Single().Label);
    }

    [TestMethod]
    public void AnchorFirst_ClickOpensTheWindow()
    {
        var history = new History();
        history.Job = history.Job with { Window = new WindowOptions { Anchor = WindowAnchor.First } };

        ReferenceResult result = history
            .Event(Click, Minutes(0)).Event(Exposure, Minutes(19)).Event(Exposure, Minutes(20)).Event(Click, Minutes(40)).Join();

        Assert.HasCount(2, result.Samples);
        JsonElement first = result.Samples.Select(Json).Single(sample => sample.GetProperty("window_start").GetInt64() == TenOClock);
        Assert.AreEqual(1, first.GetProperty("label").GetInt32());
        Assert.AreEqual(1, first.GetProperty("exposures").GetInt32());
        Assert.AreEqual(0, first.GetProperty("labels").GetProperty("click").GetProperty("first_delay_ms").GetInt64());
        Assert.AreEqual(1, result.Streams[Click].Orphaned, "the click at 10:40 opens a window without an exposure");
    }

    [TestMethod]
    public void DuplicatesById_CountOnce_AndTheSmallestPayloadIsKept()
    {
        History history = new History { Job = JobOf(Stream("exposure", StreamRole.Exposure, "id"), Stream("click", StreamRole.Action, "id")) }
            .Event(Exposure, Minutes(0), "\"id\":\"a\",\"try\":2")
            .Event(Exposure, Minutes(0), "\"id\":\"a\",\"try\":1")
            .Event(Exposure, Minutes(0), "\"id\":\"b\"")
            .Event(Exposure, Minutes(1), "\"id\":\"a\",\"try\":1");

        ReferenceResult result = history.Join();

        JsonElement sample = Json(result.Samples.Single());
        Assert.AreEqual(1, result.Streams[Exposure].Duplicate);
        Assert.AreEqual(3, sample.GetProperty("exposures").GetInt32(), "another time is another event");
        Assert.AreEqual(1, sample.GetProperty("features").GetProperty("try").GetInt32());
    }

    [TestMethod]
    public void WithoutAnId_DuplicatesAreToldByThePayload()
    {
        ReferenceResult result = new History()
            .Event(Exposure, Minutes(0)).Event(Click, Minutes(1)).Event(Click, Minutes(1)).Event(Click, Minutes(1), "\"x\":1").Join();

        Assert.AreEqual(1, result.Streams[Click].Duplicate);
        Assert.AreEqual(2, result.Streams[Click].Joined);
    }

    [TestMethod]
    public void EventWithoutAnId_IsNoDuplicateOfOneWithAnId()
    {
        ReferenceResult result = new History { Job = JobOf(Stream("exposure", StreamRole.Exposure, "id"), Stream("click", StreamRole.Action, "id")) }
            .Event(Exposure, Minutes(0)).Event(Exposure, Minutes(0), "\"id\":\"a\"").Event(Exposure, Minutes(0), "\"id\":null").Join();

        Assert.AreEqual(0, result.Streams[Exposure].Duplicate);
    }

    [TestMethod]
    public void Ties_AreSettledByIdThenPayload()
    {
        ReferenceResult result = new History { Job = JobOf(Stream("exposure", StreamRole.Exposure, "id"), Stream("click", StreamRole.Action)) }
            .Event(Exposure, Minutes(0), "\"id\":\"b\",\"n\":0").Event(Exposure, Minutes(0), "\"id\":\"\\u0061\",\"n\":1").Join();

        Assert.AreEqual(1, Json(result.Samples.Single()).GetProperty("features").GetProperty("n").GetInt32());
    }

    [TestMethod]
    public void LateIsBelowTheWatermarkOfItsOwnPartition_AsItArrives()
    {
        var history = new History();
        history.Job = history.Job with { Time = new TimeOptions { OutOfOrderness = Minutes(1) } };

        ReferenceResult result = history
            .Event(Exposure, Minutes(10))
            .Event(Exposure, Minutes(9), user: "on time, at the watermark")
            .Event(Exposure, Minutes(9) - TimeSpan.FromMilliseconds(1), user: "late")
            .Event(Click, Minutes(1))
            .Event(Exposure, Minutes(100), user: "jumps ahead of the watermark it raises")
            .Join();

        Assert.AreEqual(1, result.Streams[Exposure].Late);
        Assert.AreEqual(0, result.Streams[Click].Late);
        Assert.HasCount(3, result.Samples);
    }

    [TestMethod]
    public void FilteredAndKeylessRecords_RaiseTheWatermark()
    {
        var filter = new FilterOptions { Field = "scene", In = ["feed"] };
        var history = new History { Job = JobOf(Stream("exposure", StreamRole.Exposure, null, filter), Stream("click", StreamRole.Action)) };

        ReferenceResult result = history
            .Event(Exposure, Minutes(120), "\"scene\":\"video\"")
            .Event(Exposure, Minutes(59), "\"scene\":\"feed\"")
            .Record(Click, $"{{\"ts\":{TenOClock + 7_200_000}}}")
            .Event(Click, Minutes(59))
            .Join();

        Assert.AreEqual(1, result.Streams[Exposure].Filtered);
        Assert.AreEqual(1, result.Streams[Exposure].Late);
        Assert.AreEqual(1, result.Streams[Click].Rejected(EventOutcome.MissingKey));
        Assert.AreEqual(1, result.Streams[Click].Late);
    }

    [TestMethod]
    public void StreamsOfOneSource_ShareRecordsAndWatermark()
    {
        var view = new FilterOptions { Field = "what", In = ["pv"] };
        var buy = new FilterOptions { Field = "what", In = ["buy"] };
        var history = new History { Job = JobOf(Stream("view", StreamRole.Exposure, null, view), Stream("buy", StreamRole.Action, null, buy)) };
        history.Job = history.Job with { Time = new TimeOptions { OutOfOrderness = TimeSpan.Zero } };
        string Line(double minute, string what) => $$"""{"user_id":"u","item_id":"i","ts":{{TenOClock + (long)(minute * 60_000)}},"what":"{{what}}"}""";

        ReferenceResult result = history
            .Record(0, Line(0, "pv"), 0, 1).Record(0, Line(5, "buy"), 0, 1).Record(0, Line(4, "buy"), 0, 1).Record(0, Line(6, "cart"), 0, 1).Join();

        Assert.AreEqual(4, result.Streams[0].Records);
        Assert.AreEqual(3, result.Streams[0].Filtered);
        Assert.AreEqual(2, result.Streams[1].Filtered);
        Assert.AreEqual(1, result.Streams[1].Late, "the buy at 10:04 is behind the one at 10:05 of the same partition");
        Assert.AreEqual(1, result.Streams[1].Joined);
    }

    [TestMethod]
    public void SeveralActionStreams_HaveTheirOwnLabels_AndOnlyPositiveOnesDecide()
    {
        StreamOptions like = Stream("like", StreamRole.Action) with { Positive = false };
        ReferenceResult result = new History { Job = JobOf(Stream("exposure", StreamRole.Exposure), like, Stream("buy", StreamRole.Action)) }
            .Event(0, Minutes(0)).Event(1, Minutes(3)).Event(1, Minutes(2))
            .Event(0, Minutes(0), user: "u2").Event(2, Minutes(1), user: "u2").Join();

        JsonElement liked = Json(result.Samples.Single(sample => sample.Label == 0)).GetProperty("labels");
        Assert.AreEqual("""{"like":{"label":1,"count":2,"first_delay_ms":120000},"buy":{"label":0,"count":0}}""", liked.GetRawText());
        Assert.AreEqual(1, result.Positives);
    }

    [TestMethod]
    public void KeysAreTexts_NumbersAndStringsJoin_AndFieldsAreNotRunTogether()
    {
        ReferenceResult result = new History()
            .Record(Exposure, $$"""{"user_id":7,"item_id":"i","ts":{{TenOClock}}}""")
            .Record(Click, $$"""{"user_id":"\u0037","item_id":"i","ts":"{{TenOClock}}"}""")
            .Record(Exposure, $$"""{"user_id":"a","item_id":"bc","ts":{{TenOClock}}}""")
            .Record(Click, $$"""{"user_id":"ab","item_id":"c","ts":{{TenOClock}}}""")
            .Join();

        Assert.AreEqual(1, result.Positives);
        Assert.AreEqual(1, result.Streams[Click].Orphaned);
    }

    private const string KnownSampleId = "f12cbe6874ce1bcab8a6c013577a5e8c";
}
