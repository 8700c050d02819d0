using System.Globalization;
using Pipeline.Blocks.Flow;
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
        using PipelineChild child = PipelineChild.Start(["run", job, "--report", "none"], crashAt: null, oneCore: false);
        List<(string Name, int Nice)> threads = [];
        int from = 0;

        await Eventually.Holds(
            () =>
            {
                if (child.HasExited) Assert.Fail(child.Messages);
                server.Produce(exposures, Enumerable.Range(from, 100).Select(static user => new KafkaRecord(null, $$"""{"user":"u{{user}}","ts":{{StartedJob.Ten + user}}}""")));
                from += 100;
                threads = Threads(child.Pid);
                return Named(threads, "kafka-poll").Any() && Named(threads, ".NET TP Worker").Any(thread => thread.Nice > threads[0].Nice);
            },
            "records are read and a worker gives way");

        string found = string.Join(", ", threads);
        foreach (string moving in (string[])["kafka-poll", "rdk:broker", "sink trans"])
            Assert.IsTrue(Named(threads, moving).Any() && Named(threads, moving).All(thread => thread.Nice == threads[0].Nice), $"{moving}: {found}");
        Assert.IsTrue(threads.All(thread => thread.Nice == threads[0].Nice || thread.Nice == threads[0].Nice + 4), found);
    }

    [TestMethod]
    [DataRow("off")]
    [DataRow("-1")]
    [DataRow("20")]
    [DataRow("4 ")]
    public void NicenessThatCannotBe_IsSaid(string value) =>
        Assert.AreEqual($"PIPELINE_NICENESS takes a whole number from 0 to 19, found '{value}'", ComputeThreads.Arm(value));

    private static IEnumerable<(string Name, int Nice)> Named(List<(string Name, int Nice)> threads, string name) =>
        threads.Where(thread => thread.Name.StartsWith(name, StringComparison.Ordinal));

    /// <summary>Names, of 15 characters at most, and niceness of a process's threads, its first one first. Source: <c>proc_pid_stat(5)</c>.</summary>
    private static List<(string Name, int Nice)> Threads(int pid)
    {
        const int NiceBehindName = 16;
        var threads = new List<(string, int)>();
        foreach (string folder in Directory.GetDirectories($"/proc/{pid}/task").OrderByDescending(folder => Path.GetFileName(folder) == $"{pid}"))
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
