namespace Pipeline.Tests.EndToEnd;

/// <summary>A <see cref="StartedJob"/> from files to files.</summary>
internal sealed class StartedFileJob : StartedJob
{
    /// <summary>Writes the job's file, and empty logs.</summary>
    /// <param name="more">Further lines of the job file.</param>
    public StartedFileJob(string more = "")
    {
        Run.Write("logs/exposure.jsonl", "");
        Run.Write("logs/click.jsonl", "");
        Path = Run.Write("job.yaml", $$"""
            job: start-files
            out_of_orderness: 1s
            idle_timeout: 1h
            window: { length: 60s }
            streams:
              - { name: exposure, role: exposure, source: { files: { paths: [logs/exposure*.jsonl] } }, format: json, key: [user], time: { field: ts } }
              - { name: click, role: action, source: { files: { paths: [logs/click.jsonl] } }, format: json, key: [user], time: { field: ts } }
            output: { sink: { files: { dir: out } } }
            state: { dir: state, memory: 32MiB, checkpoint_interval: 1h }
            {{more}}
            """);
    }

    public override int OpenUsers => 7;

    public override string Samples => Run["out"];

    public override void Produce(int from, int to)
    {
        foreach (string name in new[] { "logs/exposure.jsonl", "logs/click.jsonl" })
            File.AppendAllLines(Run[name], Enumerable.Range(from, to - from).Select(Line));
    }
}
