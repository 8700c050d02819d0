using System.Globalization;
using Pipeline.Tests.Crashes;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.EndToEnd;

/// <summary>Which threads of the executable give way to which.</summary>
[TestClass]
[TestCategory("Kafka")]
[OSCondition(OperatingSystems.Linux)]
public sealed class ComputeThreadTests
{
    [TestMethod]
    public async Task ThreadsThatCompute_AreNicerThanTheKafkaClients_AndTheSinks()
    {
        using var run = new JobRun();
        KafkaServer server = KafkaServer.Shared;
        string exposures = server.NewTopic("exposure"), clicks = server.NewTopic("click"), samples = server.NewTopic("samples");
        string job = run.Write("job.yaml", $$"""
            job: {{samples}}-job
            max_future: 3650d
            streams:
              - { name: exposure, role: exposure, source: { kafka: { bootstrap: "{{server.Bootstrap}}", topics: [{{exposures}}] } }, format: json, key: [user], time: { field: ts } }
              - { name: click, role: action, source: { kafka: { bootstrap: "{{server.Bootstrap}}", topics: [{{clicks}}] } }, format: json, key: [user], time: { field: ts } }
            output: { sink: { kafka: { bootstrap: "{{server.Bootstrap}}", topic: {{samples}} } } }
            state: { dir: state, memory: 32MiB }
            """);
        server.Produce(exposures, Enumerable.Range(0, 1_000).Select(static user => new KafkaRecord(null, $$"""{"user":"u{{user}}","ts":{{StartedJob.Ten + user}}}""")));
        using PipelineChild child = PipelineChild.Start(["run", job, "--report", "none"], crashAt: null, oneCore: false);
        List<(string Name, int Nice)> threads = [];

        await Eventually.Holds(() => !child.HasExited && (threads = Threads(child.Pid)).Exists(thread => thread.Nice == threads[0].Nice + 4), "a thread gives way");

        Assert.IsTrue(threads.Where(thread => thread.Nice != threads[0].Nice).All(static thread => thread.Name.StartsWith(".NET", StringComparison.Ordinal)), string.Join(", ", threads));
        Assert.IsTrue(threads.Exists(static thread => thread.Name.StartsWith("rdk:broker", StringComparison.Ordinal)), string.Join(", ", threads));
        Assert.IsTrue(threads.Exists(static thread => thread.Name.StartsWith("sink trans", StringComparison.Ordinal)), string.Join(", ", threads));
    }

    /// <summary>Names and niceness of a process's threads, its first one first. Source: <c>proc_pid_stat(5)</c>.</summary>
    private static List<(string Name, int Nice)> Threads(int pid)
    {
        const int NiceBehindName = 16;
        var threads = new List<(string, int)>();
        foreach (string folder in Directory.GetDirectories($"/proc/{pid}/task").OrderBy(static folder => int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)))
        {
            string stat;
            try
            {
                stat = File.ReadAllText(Path.Combine(folder, "stat"));
            }
            catch (IOException)
            {
                continue; // The thread has ended meanwhile.
            }
            int end = stat.LastIndexOf(')');
            threads.Add((stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end], int.Parse(stat[(end + 2)..].Split(' ')[NiceBehindName], CultureInfo.InvariantCulture)));
        }
        return threads;
    }
}
