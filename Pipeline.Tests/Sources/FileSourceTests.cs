using System.Text;
using Pipeline.Blocks.Sources;

namespace Pipeline.Tests.Sources;

[TestClass]
public sealed class FileSourceTests : IDisposable
{
    private readonly FileSourceFixture _files = new();

    public void Dispose() => _files.Dispose();

    [TestMethod]
    public async Task Lines_ComeInOrder_WithThePositionOfTheirFirstByte()
    {
        _files.Write("a.jsonl", "one\ntwo\n\nthree\n");

        SourceIntake intake = await _files.ReadAsync(_files.Context(untilEnd: true), "a.jsonl");

        Assert.AreEqual("#a.jsonl-0:Appeared@0, 0:one, 4:two, 8:, 9:three, #a.jsonl-0:Ended@15", string.Join(", ", intake.Seen));
    }

    [TestMethod]
    public async Task CarriageReturns_AreTrimmed_AndCountInPositions()
    {
        _files.Write("a.jsonl", "one\r\n\r\ntwo\r\nt\rhree\r");

        SourceIntake intake = await _files.ReadAsync(_files.Context(untilEnd: true), "a.jsonl");

        Assert.AreEqual("0:one, 5:, 7:two, 12:t\rhree", string.Join(", ", intake.Records));
    }

    [TestMethod]
    [DataRow("a.jsonl")]
    [DataRow("a.jsonl.gz")]
    public async Task ByteOrderMark_IsSkippedAtTheStartOnly_AndCountsInPositions(string name)
    {
        _files.Write(name, "\uFEFFone\n\uFEFFtwo\n");

        SourceIntake intake = await _files.ReadAsync(_files.Context(untilEnd: true), name);

        Assert.AreEqual("3:one, 7:\uFEFFtwo", string.Join(", ", intake.Records));
    }

    [TestMethod]
    public async Task LastLineWithoutNewline_CountsWhenTheRunIsBounded()
    {
        _files.Write("a.jsonl", "one\ntwo");

        SourceIntake intake = await _files.ReadAsync(_files.Context(untilEnd: true), "a.jsonl");

        Assert.AreEqual("0:one, 4:two", string.Join(", ", intake.Records));
        Assert.AreEqual("a.jsonl-0:Ended@7", intake.Notices[^1]);
    }

    [TestMethod]
    public async Task GzipMembers_AreOneFile_PositionsCountDecompressedBytes()
    {
        _files.Write("a.gz", "one\ntw");
        _files.Append("a.gz", FileSourceFixture.Gzip("o\nthree\n"u8));

        SourceIntake intake = await _files.ReadAsync(_files.Context(untilEnd: true), "a.gz");

        Assert.AreEqual("0:one, 4:two, 8:three", string.Join(", ", intake.Records));
        Assert.AreEqual("a.gz-0:Ended@14", intake.Notices[^1]);
    }

    [TestMethod]
    public async Task CutGzip_Throws()
    {
        _files.Write("a.gz", "one\ntwo\n");
        byte[] whole = File.ReadAllBytes(_files.PathOf("a.gz"));
        File.WriteAllBytes(_files.PathOf("a.gz"), whole[..^6]);

        InvalidDataException failure = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => _files.ReadAsync(_files.Context(untilEnd: true), "a.gz"));

        Assert.Contains(_files.PathOf("a.gz"), failure.Message);
    }

    [TestMethod]
    [DataRow(0, "0:<oversized>, 11:1234, 17:<oversized>, 24:ok")]
    [DataRow(17, "17:<oversized>, 24:ok")]
    public async Task LineOverTheLimit_IsHandedOverWithoutItsBytes(int position, string expected)
    {
        _files.Write("a.jsonl", "1234567890\n1234\r\n12345\r\nok\n");
        var positions = new Dictionary<(string, int), long> { [(_files.PathOf("a.jsonl"), 0)] = position };

        SourceIntake intake = await _files.ReadAsync(_files.Context(untilEnd: true) with { MaxRecordBytes = 4, Positions = positions }, "a.jsonl");

        Assert.AreEqual(expected, string.Join(", ", intake.Records));
    }

    [TestMethod]
    [DataRow("a.jsonl")]
    [DataRow("a.gz")]
    [DoNotParallelize] // What the process allocates is measured.
    public async Task LineOfManyBlocks_IsSkippedInBoundedMemory(string name)
    {
        const int Length = 40 << 20;
        _files.Write(name, new string('x', Length) + "\nshort\n" + new string('y', 3 << 20));
        long before = GC.GetTotalAllocatedBytes(precise: true);

        SourceIntake intake = await _files.ReadAsync(_files.Context(untilEnd: true) with { MaxRecordBytes = 1 << 20 }, name);

        Assert.AreEqual($"0:<oversized>, {Length + 1}:short, {Length + 7}:<oversized>", string.Join(", ", intake.Records));
        Assert.IsLessThan(8 << 20, GC.GetTotalAllocatedBytes(precise: true) - before);
    }

    [TestMethod]
    [DataRow("a.jsonl")]
    [DataRow("a.jsonl.gz")]
    public async Task EveryPosition_ResumesExactlyThere(string name)
    {
        string[] lines = [.. Enumerable.Range(0, 500).Select(static i => new string((char)('a' + (i % 26)), i % 37))];
        _files.Write(name, string.Join('\n', lines) + "\n");
        SourceIntake all = await _files.ReadAsync(_files.Context(untilEnd: true), name);

        foreach (int from in new[] { 0, 1, 250, 499 })
        {
            long position = long.Parse(all.Records[from].Split(':')[0], System.Globalization.CultureInfo.InvariantCulture);
            SourceIntake rest = await _files.ReadAsync(
                _files.Context(untilEnd: true) with { Positions = new Dictionary<(string, int), long> { [(_files.PathOf(name), 0)] = position } }, name);
            CollectionAssert.AreEqual(all.Records.Skip(from).ToArray(), rest.Records.ToArray());
        }
    }

    [TestMethod]
    [DataRow("a.jsonl")]
    [DataRow("a.jsonl.gz")]
    public async Task PositionPastTheEnd_Throws(string name)
    {
        _files.Write(name, "one\n");
        var positions = new Dictionary<(string, int), long> { [(_files.PathOf(name), 0)] = 5 };

        SourceChangedException failure = await Assert.ThrowsExactlyAsync<SourceChangedException>(() => _files.ReadAsync(_files.Context(untilEnd: true) with { Positions = positions }, name));

        Assert.Contains(_files.PathOf(name), failure.Message);
    }

    [TestMethod]
    public async Task ResumedBoundedRun_KeepsItsEnds_AndReadsNoFileItDidNotKnow()
    {
        _files.Write("a-1.jsonl", "one\ntwo\n");
        await _files.ReadAsync(_files.Context(untilEnd: true), "a-*.jsonl");
        var ends = new Dictionary<(string, int), long> { [(_files.PathOf("a-1.jsonl"), 0)] = _files.Directories[0].End };
        var positions = new Dictionary<(string, int), long> { [(_files.PathOf("a-1.jsonl"), 0)] = 4 };
        _files.Append("a-1.jsonl", "later\n");
        _files.Write("a-2.jsonl", "new\n");

        SourceIntake resumed = await _files.ReadAsync(_files.Context(untilEnd: true) with { Ends = ends, Positions = positions }, "a-*.jsonl");

        Assert.AreEqual("#a-1.jsonl-0:Appeared@4, 4:two, #a-1.jsonl-0:Ended@8", string.Join(", ", resumed.Seen));
    }

    [TestMethod]
    public async Task BatchLimits_DoNotChangeWhatIsRead()
    {
        var text = new StringBuilder();
        for (int i = 0; i < 20_000; i++) text.Append(i).Append('x', i % 97).Append(i % 3 == 0 ? "\r\n" : "\n");
        _files.Write("a.jsonl", text.ToString());

        SourceIntake large = await _files.ReadAsync(_files.Context(untilEnd: true), "a.jsonl");
        SourceIntake small = await _files.ReadAsync(_files.Context(untilEnd: true) with { BatchRecords = 7 }, "a.jsonl");

        Assert.HasCount(20_000, large.Records);
        CollectionAssert.AreEqual(large.Records.ToArray(), small.Records.ToArray());
    }

    [TestMethod]
    public async Task HeaderRow_NamesTheColumns_AndIsNoRecord()
    {
        _files.Write("a.csv", "\uFEFFuser,\"item \"\"x\"\", id\",ts\r\n1,2,3\n");

        SourceIntake intake = await _files.ReadAsync(_files.Context(untilEnd: true) with { Header = true }, "a.csv");

        Assert.AreEqual("29:1,2,3", string.Join(", ", intake.Records));
        CollectionAssert.AreEqual(new[] { "user", "item \"x\", id", "ts" }, _files.Directories[0].Columns.ToArray());
    }

    [TestMethod]
    public async Task HeaderRow_IsKnownOnceTheSourceIsOpen_AndIsStillNoRecord()
    {
        _files.Write("a.csv", "a,b\n1,2\n");
        _files.Write("b.csv", "");
        FileSource source = _files.Source(_files.Context(untilEnd: true) with { Header = true }, "a.csv", "b.csv");
        var intake = new SourceIntake();

        await source.OpenAsync(CancellationToken.None);

        CollectionAssert.AreEqual(new[] { "a", "b" }, _files.Directories[0].Columns.ToArray());
        Assert.IsEmpty(_files.Directories[1].Columns);
        await source.RunAsync(intake.Block, CancellationToken.None);
        await intake.CompleteAsync();
        Assert.AreEqual("4:1,2", string.Join(", ", intake.Records));
    }

    [TestMethod]
    public async Task HeaderRow_IsReadAlsoWhenResuming_AndGivenColumnsWin()
    {
        _files.Write("a.csv", "a;b\n1;2\n3;4\n");
        var positions = new Dictionary<(string, int), long> { [(_files.PathOf("a.csv"), 0)] = 8 };

        SourceIntake resumed = await _files.ReadAsync(_files.Context(untilEnd: true) with { Header = true, Delimiter = ';', Positions = positions }, "a.csv");
        string[] named = [.. _files.Directories[0].Columns];
        await _files.ReadAsync(_files.Context(untilEnd: true) with { Header = true, Columns = ["x", "y"] }, "a.csv");

        Assert.AreEqual("8:3;4", string.Join(", ", resumed.Records));
        CollectionAssert.AreEqual(new[] { "a", "b" }, named);
        CollectionAssert.AreEqual(new[] { "x", "y" }, _files.Directories[0].Columns.ToArray());
    }

    [TestMethod]
    public async Task Globs_NameFilesByTheirPath_EachOnce()
    {
        _files.Write("logs/click-2.jsonl", "c\n");
        _files.Write("logs/click-1.jsonl", "b\n");
        _files.Write("logs/other.jsonl", "a\n");
        _files.Write("logs/deep/click-3.jsonl", "d\n");

        await _files.ReadAsync(_files.Context(untilEnd: true), "logs/click-*.jsonl", "logs/**/click-*.jsonl");

        CollectionAssert.AreEqual(
            new[] { "logs/click-1.jsonl", "logs/click-2.jsonl", "logs/deep/click-3.jsonl" }.Select(_files.PathOf).ToArray(),
            _files.Directories.All.Select(static partition => partition.Source).ToArray());
    }

    [TestMethod]
    [DataRow("nothing-*.jsonl")]
    [DataRow("nothing.jsonl")]
    [DataRow("no/folder/*.jsonl")]
    public async Task GlobThatMatchesNothing_IsNamed(string glob)
    {
        FileSource source = _files.Source(_files.Context(untilEnd: true), glob);

        SourceMissingException failure = await Assert.ThrowsExactlyAsync<SourceMissingException>(() => source.OpenAsync(CancellationToken.None));

        Assert.Contains(_files.PathOf(glob), failure.Message);
    }
}
