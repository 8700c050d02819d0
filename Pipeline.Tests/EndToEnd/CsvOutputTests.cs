namespace Pipeline.Tests.EndToEnd;

/// <summary>CSV samples through the whole program, equal to the reference's and to what a reader of the files expects.</summary>
[TestClass]
public sealed class CsvOutputTests
{
    private const string Header = "sample_id,key.user,key.item,window_start,window_end,revision,exposures,label,labels.click.label,labels.click.count,labels.click.first_delay_ms,weight,sampling_rate";

    [TestMethod]
    public async Task ExposureFilesWithOtherOrdersOfColumns_StandUnderTheHeaderOfTheFirst()
    {
        using var run = new JobRun();
        run.Write("logs/exposure-1.csv", "user,item,ts,scene\nu1,i1,1764000000000,\"a, b\"\n");
        run.Write("logs/exposure-2.csv", "scene,ts,item,user\nc,1764000000000,i2,u2\n");
        run.Write("logs/click.jsonl", """{"user":"u2","item":"i2","ts":1764000060000}""" + "\n");
        string job = run.Write("job.yaml", Job("csv", "exposure-*.csv", "all"));

        await run.RunToEndAsync(job, "--lanes", "1");

        string[] lines = [.. File.ReadLines(run["out/samples-0.csv"])];
        Assert.AreEqual(Header + ",features.user,features.item,features.ts,features.scene", lines[0]);
        CollectionAssert.AreEquivalent(
            new[]
            {
                "u1,i1,1764000000000,1764001200000,0,1,0,0,0,,1,1,u1,i1,1764000000000,\"a, b\"",
                "u2,i2,1764000000000,1764001200000,0,1,1,1,1,60000,1,1,u2,i2,1764000000000,c",
            },
            lines[1..].Select(line => line[33..]).ToArray());
        await run.VerifyAsync(job, run["out"], 2);
    }

    [TestMethod]
    public async Task TextsOfSeveralLines_AreOneRowInQuotes()
    {
        using var run = new JobRun();
        run.Write("logs/exposure.jsonl", """{"user":"u1","item":"i1","ts":1764000000000,"title":"say \"hi\"\nand go"}""" + "\n");
        run.Write("logs/click.jsonl", "");
        string job = run.Write("job.yaml", Job("json", "exposure.jsonl", "[ {from: title} ]"));

        await run.RunToEndAsync(job, "--lanes", "1");

        string[] lines = [.. File.ReadLines(run["out/samples-0.csv"])];
        Assert.HasCount(3, lines);
        StringAssert.EndsWith(lines[1], ",0,0,,1,1,\"say \"\"hi\"\"");
        Assert.AreEqual("and go\"", lines[2]);
        await run.VerifyAsync(job, run["out"], 1);
    }

    private static string Job(string format, string exposures, string features) => $$"""
        job: csv-output
        streams:
          - name: exposure
            role: exposure
            source: { files: { paths: ["logs/{{exposures}}"] } }
            format: {{format}}
            key: [user, item]
            time: { field: ts }
          - name: click
            role: action
            source: { files: { paths: [logs/click.jsonl] } }
            format: json
            key: [user, item]
            time: { field: ts }
        output:
          format: csv
          features: {{features}}
          sink: { files: { dir: out } }
        state: { dir: state }
        """;
}
