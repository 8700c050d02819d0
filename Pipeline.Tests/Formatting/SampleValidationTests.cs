using System.Text;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Formatting;

[TestClass]
public sealed class SampleValidationTests
{
    private const int None = -1, Required = 0, Range = 1;

    private static readonly OutputOptions Rules = new() { Required = ["ctx.scene"], Ranges = [new() { Field = "position", Min = -1.5, Max = 500 }] };
    private static readonly OutputOptions CsvRules = Rules with { Required = ["scene"] };

    [TestMethod]
    [DataRow("""{"ctx":{"scene":"feed"},"position":500}""", None)]
    [DataRow("""{"ctx":{"scene":"feed"},"position":"-1.5"}""", None)]
    [DataRow("""{"ctx":{"scene":""},"position":5e2}""", None)]
    [DataRow("""{"ctx":{"scene":{}}}""", None)]
    [DataRow("""{"ctx":{"scene":null}}""", Required)]
    [DataRow("""{"ctx":"scene"}""", Required)]
    [DataRow("""{"ctx":{"scene":null},"ctx":{"scene":"second"}}""", Required)]
    [DataRow("""{"position":501}""", Required)]
    [DataRow("""{"ctx":{"scene":"feed"},"position":500.0001}""", Range)]
    [DataRow("""{"ctx":{"scene":"feed"},"position":-2}""", Range)]
    [DataRow("""{"ctx":{"scene":"feed"},"position":1e999}""", Range)]
    [DataRow("""{"ctx":{"scene":"feed"},"position":"top"}""", Range)]
    [DataRow("""{"ctx":{"scene":"feed"},"position":" 7"}""", Range)]
    [DataRow("""{"ctx":{"scene":"feed"},"position":null}""", Range)]
    [DataRow("""{"ctx":{"scene":"feed"},"position":[7]}""", Range)]
    [DataRow("""{"ctx":{"scene":"feed"},"position":true}""", Range)]
    public void JsonExposure_BreaksTheRule(string payload, int broken) => AssertBroken(new FormatRig(Rules), payload, broken);

    [TestMethod]
    [DataRow("feed,7", None)]
    [DataRow("\"feed\",\"7\"", None)]
    [DataRow(",7", None)]
    [DataRow("feed,501", Range)]
    [DataRow("feed,", Range)]
    public void CsvExposure_BreaksTheRule(string payload, int broken) =>
        AssertBroken(new FormatRig(CsvRules, columns: [["scene", "position"]]), payload, broken);

    [TestMethod]
    public void CsvExposureWithoutTheColumn_BreaksARequirementOnly() =>
        AssertBroken(new FormatRig(CsvRules, columns: [["other"]]), "x", Required);

    [TestMethod]
    public void InvalidSample_IsCountedWithItsEvents_AndItsLetterIsWhatItWouldHaveBeen()
    {
        FormatRig rig = new FormatRig(Rules)
            .Window("""{"ctx":{"scene":"feed"}}""", click: FormatRig.Actions(3, 1), like: FormatRig.Actions(5, 1), exposures: 2)
            .Window("""{"ctx":{}}""", click: FormatRig.Actions(7, 1), like: FormatRig.Actions(11, 1), exposures: 13)
            .Window("""{"ctx":{"scene":"feed"},"position":7}""", like: FormatRig.Actions(1, 1))
            .Format();
        string wouldBe = new FormatRig(new OutputOptions()).Window("""{"ctx":{}}""", click: FormatRig.Actions(7, 1), like: FormatRig.Actions(11, 1), exposures: 13).Format().Values.Single();

        Assert.HasCount(2, rig.Values);
        Assert.AreEqual((2L, 1L, 3L, 13L), (rig.Result.Samples, rig.Result.Positives, rig.Result.JoinedExposures, rig.Result.InvalidExposures));
        CollectionAssert.AreEqual(new long[] { 3, 6 }, rig.Result.JoinedActions);
        CollectionAssert.AreEqual(new long[] { 7, 11 }, rig.Result.InvalidActions);
        CollectionAssert.AreEqual(new long[] { 1, 0 }, rig.Result.InvalidByRule);
        DeadLetter letter = rig.Letters.Letters.Single();
        Assert.AreEqual((DeadLetterReason.Invalid, 1, 0, 1002L, 2002L), (letter.Reason, letter.Stream, letter.Partition, letter.Offset, letter.Timestamp));
        Assert.AreEqual(wouldBe, Encoding.UTF8.GetString(rig.Letters.Bytes, letter.Start, letter.Length));
    }

    private static void AssertBroken(FormatRig rig, string payload, int broken)
    {
        rig.Window(payload).Format();

        Assert.AreEqual(broken == None ? 1 : 0, rig.Result.Samples);
        Assert.AreEqual(broken, Array.IndexOf(rig.Result.InvalidByRule, 1L));
        Assert.HasCount(broken == None ? 0 : 1, rig.Letters.Letters);
    }
}
