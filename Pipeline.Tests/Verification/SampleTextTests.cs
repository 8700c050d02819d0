using System.Text;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Records;
using Pipeline.Verification;
using static Pipeline.Tests.Verification.History;

namespace Pipeline.Tests.Verification;

[TestClass]
public sealed class SampleTextTests
{
    [TestMethod]
    public void SelectedFeatures_AreCopiedAsWritten_AndMissingOnesLeftOut()
    {
        var output = new OutputOptions
        {
            Features = [new() { From = "f.a" }, new() { From = "s", As = "scene" }, new() { From = "none" }, new() { From = "o" }, new() { From = "z" }],
        };

        string sample = Text(Single(output, """ "f":{"a":1.50e1},"s":"caf\u00e9","o":{ "k" : [1, 2] },"z":null"""));

        StringAssert.EndsWith(sample, """ "features":{"f.a":1.50e1,"scene":"caf\u00e9","o":{ "k" : [1, 2] },"z":null}}""".TrimStart());
    }

    [TestMethod]
    public void KeyTexts_AreEscapedWhereJsonMust_AndNowhereElse()
    {
        ReferenceSample sample = new History().Record(0, $$"""{"user_id":"\"\\\u0001\n\u00e9/<","item_id":3.0,"ts":{{TenOClock}}}""").Join().Samples.Single();

        StringAssert.Contains(Text(sample), """ "key":{"user_id":"\"\\\u0001\né/<","item_id":"3.0"} """.Trim());
        Assert.AreEqual("\"\\\u0001\né/<|3.0", Encoding.UTF8.GetString(sample.Key));
    }

    [TestMethod]
    [DataRow("\"scene\":\"feed\",\"position\":500", true)]
    [DataRow("\"scene\":\"feed\"", true)]
    [DataRow("\"scene\":\"feed\",\"position\":501", false)]
    [DataRow("\"scene\":\"feed\",\"position\":null", false)]
    [DataRow("\"scene\":\"feed\",\"position\":\"top\"", false)]
    [DataRow("\"scene\":null", false)]
    [DataRow("\"position\":1", false)]
    public void InvalidSamples_AreCountedWithAllTheirEvents(string fields, bool valid)
    {
        var output = new OutputOptions { Required = ["scene"], Ranges = [new() { Field = "position", Min = 0, Max = 500 }] };

        ReferenceResult result = Join(output, fields);

        Assert.HasCount(valid ? 1 : 0, result.Samples);
        Assert.AreEqual(valid ? 1 : 0, result.Positives);
        Assert.AreEqual(valid ? 0 : 1, result.Streams[0].Invalid);
        Assert.AreEqual(valid ? 0 : 1, result.Streams[1].Invalid);
    }

    [TestMethod]
    public void CsvSample_IsTheFlattenedNamesUnderTheHeader()
    {
        var output = new OutputOptions { Format = SampleFormat.Csv, Features = [new() { From = "s" }, new() { From = "o" }, new() { From = "none" }] };
        var history = new History();
        history.Job = history.Job with { Output = output };

        ReferenceSample sample = history.Event(0, TimeSpan.Zero, """ "s":"a,\"b\"","o":{"k":1}""").Join().Samples.Single();

        Assert.AreEqual(
            "sample_id,key.user_id,key.item_id,window_start,window_end,revision,exposures,label,labels.click.label,labels.click.count,"
            + "labels.click.first_delay_ms,weight,sampling_rate,features.s,features.o,features.none",
            SampleText.CsvHeader(history.Job, null));
        Assert.AreEqual($"{sample.Id},u1,i2,1763978400000,1763979600000,0,1,0,0,0,,1,1,\"a,\"\"b\"\"\",\"{{\"\"k\"\":1}}\",", Text(sample));
    }

    [TestMethod]
    public void CsvExposure_BecomesAnObjectOfStrings()
    {
        StreamOptions exposure = Stream("exposure", StreamRole.Exposure) with { Format = RecordFormat.Csv };
        var history = new History { Job = JobOf(exposure, Stream("click", StreamRole.Action)) };
        IReadOnlyList<string> header = ["user_id", "item_id", "ts", "title"];

        ReferenceResult result = history
            .Record(new SourceRecord(0, [0], Encoding.UTF8.GetBytes($"u1,i2,{TenOClock},\"say \"\"hi\"\", you\"\r"), null, header))
            .Record(new SourceRecord(0, [0], "u1,i2"u8.ToArray(), null, header))
            .Record(new SourceRecord(0, [0], Encoding.UTF8.GetBytes($"u1,i2,{TenOClock},a\"b"), null, header))
            .Join();

        StringAssert.EndsWith(Text(result.Samples.Single()), """ "features":{"user_id":"u1","item_id":"i2","ts":"1763978400000","title":"say \"hi\", you"}}""".TrimStart());
        Assert.AreEqual(2, result.Streams[0].Rejected(EventOutcome.Malformed));
    }

    private static ReferenceSample Single(OutputOptions output, string fields) => Join(output, fields).Samples.Single();

    private static ReferenceResult Join(OutputOptions output, string fields)
    {
        var history = new History();
        history.Job = history.Job with { Output = output };
        return history.Event(0, TimeSpan.Zero, fields).Event(1, TimeSpan.FromSeconds(1)).Join();
    }
}
