using System.IO.Compression;
using System.Text;
using Pipeline.Commands;
using Pipeline.Configuration;
using Pipeline.Verification;

namespace Pipeline.Tests.Verification;

[TestClass]
public sealed class VerifyCommandTests
{
    private string _folder = "";

    [TestInitialize]
    public void Generate()
    {
        _folder = Directory.CreateTempSubdirectory("verify-").FullName;
        Assert.AreEqual(0, Run("generate", "--exposures", "2000", "--users", "100", "--items", "5", "--rate", "1", "--duplicates", "0.05", "--partitions", "2", "--out", Path("logs")).Code);
        WriteJob("json", "jsonl");
    }

    [TestCleanup]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void SamplesAsExpected_AreFoundInAFileAndInACommittedDirectory()
    {
        List<string> samples = Expected();
        Assert.IsGreaterThan(700, samples.Count);
        WriteFile("all.jsonl", samples);
        WriteFile("out/samples-0.jsonl", samples.Take(300));
        WriteFile("out/samples-1.jsonl", samples.Skip(300).Append("{\"sample_id\":\"not committed\"}"));
        long committed = samples.Skip(300).Sum(sample => Encoding.UTF8.GetByteCount(sample) + 1);
        File.WriteAllText(Path("out/_committed.json"), $$$"""{"version":1,"files":{"samples-0.jsonl":{{{new FileInfo(Path("out/samples-0.jsonl")).Length}}},"samples-1.jsonl":{{{committed}}}}}""");

        string agreement = $$"""{"expected":{{samples.Count}},"found":{{samples.Count}},"missing":0,"extra":0,"different":0,"duplicates":0}""";
        string noCheckpoint = $"{Path("state")}: no checkpoint; the sources are read whole and taken to have ended{Environment.NewLine}";
        Assert.AreEqual((0, agreement + Environment.NewLine, noCheckpoint), Verify("all.jsonl"));
        Assert.AreEqual((0, agreement + Environment.NewLine, noCheckpoint), Verify("out"));
    }

    [TestMethod]
    [DataRow("1")]
    [DataRow("4")]
    public void EveryKindOfDifference_IsCountedOnce_AndShown(string groups)
    {
        Directory.CreateDirectory(Path("temp"));
        List<string> samples = Expected();
        int expected = samples.Count;
        samples[0] = samples[0].Replace("\"weight\":1", "\"weight\":1.0", StringComparison.Ordinal);
        samples.RemoveAt(1);
        samples.Add(samples[5]);
        samples.Add(samples[5]);
        samples.Add("{\"sample_id\":\"00\"}");
        samples.Add("no json");
        WriteFile("all.jsonl", samples);

        (int code, string output, string messages) = Verify("all.jsonl", "--examples", "100", "--groups", groups, "--temp", Path("temp"));

        Assert.AreEqual(1, code);
        Assert.AreEqual($$"""{"expected":{{expected}},"found":{{expected + 3}},"missing":1,"extra":2,"different":1,"duplicates":2}""", output.TrimEnd());
        foreach (string kind in (string[])["missing {", "extra no json", "different", "\"weight\":1.0", "duplicate {"]) StringAssert.Contains(messages, kind);
        Assert.IsEmpty(Directory.GetFileSystemEntries(Path("temp")));
    }

    [TestMethod]
    public void CommittedFileShorterThanRecorded_IsRefused()
    {
        WriteFile("out/samples-0.jsonl", ["{}"]);
        File.WriteAllText(Path("out/_committed.json"), """{"version":1,"files":{"samples-0.jsonl":100}}""");

        Assert.AreEqual(65, Verify("out").Code);
    }

    [TestMethod]
    public void CsvSamples_AreComparedUnderTheirHeader()
    {
        WriteJob("csv", "jsonl", "[ {from: scene}, {from: features.f1, as: f1} ]");
        WriteFile("out/samples-0.csv", Expected().Prepend(SampleText.CsvHeader(LoadJob(), null)));

        Assert.AreEqual(0, Verify("out").Code);
        Assert.AreEqual(0, Verify("out", "--groups", "3").Code);
        WriteFile("out/samples-0.csv", Expected().Prepend("sample_id,somewhat,else"));
        Assert.AreEqual(1, Verify("out").Code, "a wrong header is a difference");
    }

    [TestMethod]
    public void CompressedLogs_AreReadAsPlainOnes()
    {
        WriteFile("all.jsonl", Expected());
        foreach (string log in Directory.GetFiles(Path("logs")))
        {
            using (var packed = new GZipStream(File.Create(log + ".gz"), CompressionLevel.Fastest)) packed.Write(File.ReadAllBytes(log));
            File.Delete(log);
        }
        WriteJob("json", "jsonl.gz");

        Assert.AreEqual(0, Verify("all.jsonl").Code);
    }

    [TestMethod]
    public void ByteOrderMarkAndCarriageReturns_AreNoPartOfLines_AndTheLastLineNeedsNoEnd()
    {
        WriteFile("all.jsonl", Expected());
        foreach (string log in Directory.GetFiles(Path("logs")))
            File.WriteAllText(log, "\uFEFF" + File.ReadAllText(log).TrimEnd('\n').Replace("\n", "\r\n", StringComparison.Ordinal));

        Assert.AreEqual(0, Verify("all.jsonl").Code);
    }

    [TestMethod]
    public void WhatCannotBeVerified_IsAMistakeOfTheConfiguration()
    {
        Assert.AreEqual(78, Verify("nowhere").Code);
        Assert.AreEqual(78, Run("verify", Path("job.yaml"), "--samples", "kafka").Code);
        WriteJob("json", "nothing");
        StringAssert.Contains(Verify("job.yaml").Messages, "no such file");
        File.AppendAllText(Path("job.yaml"), "nonsense: 1\n");
        (int code, _, string messages) = Verify("job.yaml");
        Assert.AreEqual(78, code);
        StringAssert.Contains(messages, "nonsense");
    }

    private List<string> Expected()
    {
        JobOptions job = LoadJob();
        return [.. ReferenceJoin.Run(job, SourceReader.ReadAll(job)).Samples.Select(History.Text)];
    }

    private JobOptions LoadJob()
    {
        LoadedJob loaded = JobLoader.Load(Path("job.yaml"), [], new Dictionary<string, string>());
        Assert.IsEmpty(loaded.Errors);
        return loaded.Job!;
    }

    private string Path(string name) => System.IO.Path.Combine(_folder, name);

    private void WriteFile(string name, IEnumerable<string> lines)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path(name))!);
        File.WriteAllText(Path(name), string.Concat(lines.Select(line => line + "\n")));
    }

    private void WriteJob(string outputFormat, string extension, string features = "all") => File.WriteAllText(Path("job.yaml"), $$"""
        job: verify-test
        streams:
          - name: exposure
            role: exposure
            source: { files: { paths: ["logs/exposure-*.{{extension}}"] } }
            format: json
            key: [user_id, item_id]
            time: { field: ts, unit: ms }
            event_id: event_id
          - name: click
            role: action
            source: { files: { paths: ["logs/click-*.{{extension}}"] } }
            format: json
            key: [user_id, item_id]
            time: { field: ts, unit: ms }
            event_id: event_id
        output:
          format: {{outputFormat}}
          features: {{features}}
          sink: { files: { dir: out } }
        state: { dir: state }

        """);

    private (int Code, string Output, string Messages) Verify(string samples, params string[] more) =>
        Run(["verify", Path("job.yaml"), "--samples", Path(samples), .. more]);

    private static (int Code, string Output, string Messages) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var messages = new StringWriter();
        int code = CommandLine.RunAsync(arguments, output, messages).GetAwaiter().GetResult();
        return (code, output.ToString(), messages.ToString());
    }
}
