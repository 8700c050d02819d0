using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Checkpoints;
using Pipeline.Commands;
using Pipeline.Tests.Models;
using Pipeline.Verification;

namespace Pipeline.Tests.Checkpoints;

/// <summary>Whatever becomes of the files that checkpoints need: it is found, or no checkpoint needs what was changed; and no start makes a wrong sample of it.</summary>
[TestClass]
public sealed class StateDamageTests
{
    private const int Seed = 20_251_125;

    public TestContext TestContext { get; set; } = null!;

    private StoppedJob Stopped { get; set; } = null!;

    [TestInitialize]
    public async Task Stop() => Stopped = await StoppedJob.MakeAsync();

    [TestCleanup]
    public void Remove() => Stopped.Dispose();

    /// <summary>1,200 mutations in all; in parts, each on a job of its own, so that they may run side by side.</summary>
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Damage_IsFound_OrIsOfBytesThatNoCheckpointNeeds(int part)
    {
        Stopped.Reset();
        Assert.HasCount(2, Stopped.Ids);
        Assert.IsGreaterThan(1_000, Stopped.Open);
        foreach (string name in (string[])["windows.log.0", "windows-1.log.0", "generation-1", "window-log.00000000", "lane.snapshot", "manifest.json"])
            Assert.IsTrue(Stopped.Needed.Keys.Any(file => Path.GetFileName(file) == name), $"{name} is missing of {string.Join(", ", Stopped.Needed.Keys)}");
        string[] whole = [.. Stopped.Ids.Select(Stopped.Restore)];
        Assert.AreEqual((2, ExitCodes.Done), Verify());
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        long rounds = Iterations.Of(300);
        for (long round = part * rounds; round < (part + 1) * rounds; round++)
        {
            StateMutation mutation = Draw(new Random(Seed + (int)round));
            mutation.Apply(Stopped.State);
            bool found = Verify().Valid < 2;
            if (!found) CollectionAssert.AreEqual(whole, Stopped.Ids.Select(Stopped.Restore).ToArray(), $"round {round}: {mutation} was not found, and the state is another");
            Count(outcomes, $"{mutation.Kind}: {(found ? "found" : "not needed")}");
            Stopped.Undo(mutation);
        }
        Report(outcomes);
        foreach (string kind in StateMutation.Kinds) Assert.IsGreaterThan(10, outcomes.GetValueOrDefault($"{kind}: found"), kind);
        Assert.AreEqual((2, ExitCodes.Done), Verify(), "with everything undone");
    }

    [TestMethod]
    public async Task StartOnDamagedState_RefusesIt_OrMakesEverySampleOnce()
    {
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int round = 0; round < Iterations.Of(42); round++)
        {
            Stopped.Reset();
            var random = new Random(-Seed - round);
            StateMutation[] mutations = round % 6 == 0 ? [DrawUnneeded(random)] : [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => Draw(random))];
            foreach (StateMutation mutation in mutations) mutation.Apply(Stopped.State);
            string what = $"round {round}: {string.Join("; ", (object[])mutations)}";
            int valid = Verify().Valid;

            int code = await Stopped.Run.CallAsync("run", Stopped.JobFile, "--until-end");

            Assert.AreEqual(valid > 0 ? ExitCodes.Done : ExitCodes.DataRefused, code, $"{what}\n{valid} checkpoints are valid\n{Stopped.Run.Messages}");
            SampleComparison samples = SampleComparison.Of(
                Stopped.Expected, FoundSamples.Read(Stopped.Job, Stopped.Run["out"], null), examples: 0, static _ => { });
            long expected = code == ExitCodes.Done ? Stopped.Expected.Count : Stopped.Committed;
            Assert.AreEqual(new SampleComparison(Stopped.Expected.Count, expected, Stopped.Expected.Count - expected, 0, 0, 0), samples, what);
            Count(outcomes, $"{valid} valid: {(code == ExitCodes.Done ? "every sample once" : "refused")}");
        }
        Report(outcomes);
        foreach (string outcome in (string[])["2 valid: every sample once", "1 valid: every sample once", "0 valid: refused"]) Assert.IsGreaterThan(0, outcomes.GetValueOrDefault(outcome), outcome);
    }

    /// <summary>How many checkpoints the command calls valid, and its exit code.</summary>
    private (int Valid, int Code) Verify()
    {
        using var output = new StringWriter();
        int code = CheckpointCommand.Verify(Stopped.State, output, NullLogger.Instance, [new LaneStateCheck()]);
        return (output.ToString().Split('\n').Count(static line => line.Contains(" valid ", StringComparison.Ordinal)), code);
    }

    private StateMutation Draw(Random random)
    {
        while (true)
            if (StateMutation.Draw(Stopped, random) is { } mutation) return mutation;
    }

    /// <summary>Of bytes that no checkpoint needs: one in a dozen is.</summary>
    private StateMutation DrawUnneeded(Random random)
    {
        while (true)
        {
            StateMutation mutation = Draw(random);
            mutation.Apply(Stopped.State);
            int valid = Verify().Valid;
            Stopped.Undo(mutation);
            if (valid == 2) return mutation;
        }
    }

    private static void Count(SortedDictionary<string, int> outcomes, string outcome) => outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;

    private void Report(SortedDictionary<string, int> outcomes)
    {
        foreach ((string outcome, int times) in outcomes) TestContext.WriteLine($"{outcome}: {times}");
    }
}
