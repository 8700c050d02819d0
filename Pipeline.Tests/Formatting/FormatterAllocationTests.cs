using Pipeline.Blocks.Formatting;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Formatting;

[TestClass]
[DoNotParallelize] // A pool that another test empties meanwhile would be filled anew here.
public sealed class FormatterAllocationTests
{
    private const int Windows = 256;
    private const int Rounds = 20;

    private static readonly OutputOptions Rules = new()
    {
        Required = ["scene"],
        Ranges = [new() { Field = "position", Max = 200 }],
    };

    private static readonly OutputOptions Selected = Rules with { Features = [new() { From = "scene" }, new() { From = "features.f1", As = "f1" }, new() { From = "title" }] };

    [TestMethod]
    [DataRow(SampleFormat.Json, false, false)]
    [DataRow(SampleFormat.Json, false, true)]
    [DataRow(SampleFormat.Json, true, false)]
    [DataRow(SampleFormat.Json, true, true)]
    [DataRow(SampleFormat.Csv, true, false)]
    [DataRow(SampleFormat.Csv, true, true)]
    public void OfJsonExposures_NothingIsAllocatedForASample(SampleFormat format, bool selected, bool lines)
    {
        var rig = new FormatRig((selected ? Selected : Rules) with { Format = format }, lines: lines);
        for (int i = 0; i < Windows; i++)
            rig.Window($$"""{"scene":"fe\u0065d {{i}}","position":"{{i}}","features":{"f1":[{{i}},2]},"title":"say \"{{i}}\", é"}""", ["u\"1", $"{i}"], FormatRig.Actions((uint)i % 3, 7));
        AssertNothingAllocated(rig);
    }

    [TestMethod]
    [DataRow(SampleFormat.Json, false)]
    [DataRow(SampleFormat.Json, true)]
    [DataRow(SampleFormat.Csv, false)]
    [DataRow(SampleFormat.Csv, true)]
    public void OfCsvExposures_NothingIsAllocatedForASample(SampleFormat format, bool selected)
    {
        var rig = new FormatRig((selected ? Selected : Rules) with { Format = format }, columns: [["scene", "position", "title"]]);
        for (int i = 0; i < Windows; i++) rig.Window($"feed,{i},\"say \"\"{i}\"\", é\"", like: FormatRig.Actions((uint)i % 3, 7));
        AssertNothingAllocated(rig);
    }

    private static void AssertNothingAllocated(FormatRig rig)
    {
        // Invalid ones are formatted too; their letters are a slow path and kept out of the measurement.
        rig.Format();
        Assert.IsTrue(rig.Result is { Samples: > 0, InvalidExposures: > 0 });
        rig.KeepLetters = false;
        rig.Format();

        long allocated = Allocations.Least(() =>
        {
            for (int round = 0; round < Rounds; round++) rig.Format();
        });

        Assert.AreEqual(0, allocated, $"{Rounds * Windows} samples");
    }
}
