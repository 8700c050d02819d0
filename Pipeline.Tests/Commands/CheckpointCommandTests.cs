using System.Text.Json;
using Pipeline.Checkpoints;
using Pipeline.Commands;
using Pipeline.Tests.Checkpoints;
using Pipeline.Tests.Fakes;
using Spectre.Console;

namespace Pipeline.Tests.Commands;

[TestClass]
public sealed class CheckpointCommandTests : IDisposable
{
    private readonly TempFolder _state = new();
    private readonly Random _random = new(3);

    public void Dispose() => _state.Dispose();

    [TestMethod]
    public async Task List_HasALineForEachCheckpoint()
    {
        await Write(1, 2, 3);
        Damage(2);
        Directory.CreateDirectory(_state["checkpoints/0000000004"]);
        // Held by a running job: looking on needs no lock, and changes nothing.
        using var held = new FileStream(_state["lock"], FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        string[] before = Files();

        CommandRun run = await CommandRun.Of("checkpoint", "list", _state.Path);

        Assert.AreEqual(ExitCodes.Done, run.ExitCode, run.Error);
        Assert.AreEqual("", run.Error);
        string snapshot = _state["checkpoints/0000000002/lane-0/lane.snapshot"];
        Assert.AreEqual(
            $"""
            0000000004 incomplete: {_state["checkpoints/0000000004"]}: no manifest.json: the process ended while it was written or removed
            0000000003 valid created=2025-11-24T16:01:40.000Z samples=85 watermark=end open=21 bytes=24776
            0000000002 damaged: {snapshot}: expected 12388 bytes, found 7
            0000000001 valid created=2025-11-24T16:01:40.000Z samples=85 watermark=end open=21 bytes=24776

            """, run.Output);
        CollectionAssert.AreEqual(before, Files());
    }

    [TestMethod]
    public async Task Table_ShowsReasonsAsTheyAre()
    {
        await Write(1, 2);
        Damage(2);
        using var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 400;
        IReadOnlyList<ListedCheckpoint> found = CheckpointReader.List(_state.Path);

        console.Write(CheckpointLines.Table([.. found, found[0] with { Reason = "[not markup" }]));

        Assert.Contains("damaged", text.ToString());
        Assert.Contains("2025-11-24T16:01:40.000Z", text.ToString());
        Assert.Contains(found[0].Reason, text.ToString());
        Assert.Contains("[not markup", text.ToString());
    }

    [TestMethod]
    public async Task Inspect_PrintsTheNewestValidManifest()
    {
        await Write(1, 2);
        Damage(2);

        CommandRun newest = await CommandRun.Of("checkpoint", "inspect", _state.Path);
        CommandRun damaged = await CommandRun.Of("checkpoint", "inspect", _state.Path, "--id", "2");
        CommandRun none = await CommandRun.Of("checkpoint", "inspect", _state.Path, "--id", "3");

        Assert.AreEqual(ExitCodes.Done, newest.ExitCode);
        Assert.AreEqual(1, JsonElement.Parse(newest.Output).GetProperty("id").GetInt64());
        Assert.Contains("\n  \"job\": \"feed-ctr\",\n", newest.Output);
        Assert.AreEqual(ExitCodes.DataRefused, damaged.ExitCode);
        Assert.AreEqual(2, JsonElement.Parse(damaged.Output).GetProperty("id").GetInt64());
        Assert.Contains("expected 12388 bytes, found 7", damaged.Error);
        Assert.AreEqual(ExitCodes.DataRefused, none.ExitCode);
        Assert.AreEqual($"{_state.Path}: no checkpoint 3\n", none.Error);
        Assert.AreEqual("", none.Output);
    }

    [TestMethod]
    public async Task Verify_SaysWhetherAnyIsDamaged()
    {
        await Write(1, 2);
        Directory.CreateDirectory(_state["checkpoints/0000000003"]);
        Assert.AreEqual(ExitCodes.Done, Verify([]).ExitCode);

        Damage(1);
        CommandRun run = Verify([]);

        Assert.AreEqual(ExitCodes.CheckFailed, run.ExitCode);
        Assert.Contains("0000000002 valid", run.Output);
        Assert.Contains("0000000001 damaged", run.Output);
    }

    [TestMethod]
    public async Task Verify_LooksIntoTheLanesOwnFiles()
    {
        await Write(1);

        CommandRun run = await CommandRun.Of("checkpoint", "verify", _state.Path);

        Assert.AreEqual(ExitCodes.CheckFailed, run.ExitCode, "the fixture's snapshots are random bytes, with the checksums of the manifest and not their own");
        Assert.Contains("0000000001 damaged: lane 0: Snapshot ", run.Output);
    }

    [TestMethod]
    public async Task CheckpointThatIsRemovedWhileItIsChecked_IsNotDamaged()
    {
        await Write(1, 2);

        CommandRun run = Verify([new RemovingCheck(1)]);

        Assert.AreEqual(ExitCodes.Done, run.ExitCode);
        Assert.Contains("0000000001 incomplete: ", run.Output);
        Assert.Contains("removed while it was checked", run.Output);
    }

    [TestMethod]
    public async Task WithoutACheckpoint_VerifyAndInspectRefuse()
    {
        Assert.AreEqual(ExitCodes.DataRefused, (await CommandRun.Of("checkpoint", "verify", _state.Path)).ExitCode);
        Assert.AreEqual(ExitCodes.DataRefused, (await CommandRun.Of("checkpoint", "inspect", _state.Path)).ExitCode);
        CommandRun missing = await CommandRun.Of("checkpoint", "list", _state["nowhere"]);
        Assert.AreEqual(ExitCodes.DataRefused, missing.ExitCode);
        Assert.AreEqual($"{_state["nowhere"]}: expected a state directory, found none\n", missing.Error);
    }

    [TestMethod]
    public async Task CheckOfTheState_IsMadeOfWholeCheckpoints()
    {
        await Write(1, 2, 3);
        Damage(3);
        var check = new RefusingCheck(1);

        CommandRun run = Verify([check]);

        Assert.AreEqual(ExitCodes.CheckFailed, run.ExitCode);
        CollectionAssert.AreEqual((long[])[2, 1], check.Asked);
        Assert.Contains("0000000002 valid", run.Output);
        Assert.Contains("0000000001 damaged: a page is gone", run.Output);
    }

    private CommandRun Verify(IReadOnlyList<IStateCheck> checks)
    {
        using var output = new StringWriter();
        var messages = new MessageList();
        int code = CheckpointCommand.Verify(_state.Path, output, messages, checks);
        return new CommandRun(code, output.ToString(), string.Join('\n', messages));
    }

    private async Task Write(params long[] ids)
    {
        CheckpointStore store = CheckpointFixture.Store(_state.Path);
        foreach (long id in ids) await CheckpointFixture.WriteAsync(store, id, lanes: 2, _random);
    }

    private void Damage(long id) => File.WriteAllText(_state[$"checkpoints/{CheckpointReader.NameOf(id)}/lane-0/lane.snapshot"], "damaged");

    private string[] Files() =>
        [.. new DirectoryInfo(_state.Path).EnumerateFiles("*", SearchOption.AllDirectories).Select(static file => $"{file.FullName} {file.Length} {file.LastWriteTimeUtc:O}").Order()];

    /// <summary>A running job that lets go of a checkpoint while it is looked at.</summary>
    private sealed class RemovingCheck(long removed) : IStateCheck
    {
        public string? DamageOf(string stateDirectory, string checkpoint, CheckpointManifest manifest)
        {
            if (manifest.Id != removed) return null;
            Directory.Delete(checkpoint, recursive: true);
            return "a page is gone";
        }
    }

    private sealed class RefusingCheck(long refused) : IStateCheck
    {
        public List<long> Asked { get; } = [];

        public string? DamageOf(string stateDirectory, string checkpoint, CheckpointManifest manifest)
        {
            Asked.Add(manifest.Id);
            return manifest.Id == refused ? "a page is gone" : null;
        }
    }
}
