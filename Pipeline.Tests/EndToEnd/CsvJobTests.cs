namespace Pipeline.Tests.EndToEnd;

[TestClass]
public sealed class CsvJobTests
{
    [TestMethod]
    public async Task DelimiterOfTheJob_PartsTheHeadersNamesToo()
    {
        using var run = new JobRun();
        run.Write("exposure.csv", "user_id;item_id;ts;scene\nu1;i1;1750000000000;\"feed;top\"\n");
        run.Write("click.csv", "user_id;item_id;ts\nu1;i1;1750000000500\n");
        string job = run.Write("job.yaml", """
            job: csv
            streams:
              - { name: exposure, role: exposure, source: { files: { paths: [exposure.csv] } }, format: csv, csv: { delimiter: ";" }, key: [user_id, item_id], time: { field: ts } }
              - { name: click, role: action, source: { files: { paths: [click.csv] } }, format: csv, csv: { delimiter: ";" }, key: [user_id, item_id], time: { field: ts } }
            output: { format: csv, sink: { files: { dir: out } } }
            state: { dir: state }
            parallelism: { lanes: 1 }
            """);

        await run.RunToEndAsync(job);

        string[] lines = await File.ReadAllLinesAsync(run["out/samples-0.csv"]);
        Assert.AreEqual(
            "sample_id,key.user_id,key.item_id,window_start,window_end,revision,exposures,label,labels.click.label,labels.click.count,labels.click.first_delay_ms,"
            + "weight,sampling_rate,features.user_id,features.item_id,features.ts,features.scene",
            lines[0]);
        StringAssert.EndsWith(lines[1], ",u1,i1,1750000000000,1750001200000,0,1,1,1,1,500,1,1,u1,i1,1750000000000,feed;top");
        await run.VerifyAsync(job, run["out"], expected: 1);
    }
}
