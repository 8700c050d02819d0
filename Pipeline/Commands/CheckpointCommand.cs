using System.CommandLine;
using System.Text.Json;
using Pipeline.Checkpoints;
using Spectre.Console;

namespace Pipeline.Commands;

/// <summary><c>pipeline checkpoint list|inspect|verify DIR</c>: what is in a state directory. Changes nothing, and looks on while the job runs.</summary>
internal static class CheckpointCommand
{
    /// <summary>What <c>verify</c> checks beside manifests and snapshot files.</summary>
    private static readonly IReadOnlyList<IStateCheck> StateChecks = [new LaneStateCheck()];

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Makes the command.</summary>
    public static Command Create(CommonOptions common)
    {
        var directory = new Argument<string>("DIR") { Description = "The state directory: state.dir of the job" };
        var id = new Option<long?>("--id") { Description = "Which checkpoint (default: the newest valid one)", HelpName = "N" };
        var list = new Command("list", "Every checkpoint, newest first.") { directory };
        list.SetAction(parsed => On(parsed, directory, (state, console) => List(state, console, common.Messages.Read(parsed).Color)));
        var inspect = new Command("inspect", "A checkpoint's manifest as JSON.") { directory, id };
        inspect.SetAction(parsed => On(parsed, directory, (state, console) => Inspect(state, console, parsed.GetValue(id))));
        var verify = new Command("verify", "Checks every checkpoint byte for byte.") { directory };
        verify.SetAction(parsed => On(parsed, directory, (state, console) => Verify(state, console, StateChecks)));
        return new Command("checkpoint", "Shows and checks the checkpoints of a state directory.") { list, inspect, verify };
    }

    /// <summary>Checks every checkpoint, and those that are whole by each of the checks too; one line each.</summary>
    internal static int Verify(string state, InvocationConfiguration console, IReadOnlyList<IStateCheck> checks)
    {
        int checkpoints = 0, refused = 0;
        foreach (ListedCheckpoint checkpoint in CheckpointReader.List(state))
        {
            ListedCheckpoint found = checkpoint;
            foreach (IStateCheck check in checks)
            {
                if (found.Condition != CheckpointCondition.Valid) break;
                if (check.DamageOf(state, found.Directory, found.Manifest!) is { } damage) found = DamagedUnlessGone(found, damage);
            }
            console.Output.WriteLine(CheckpointLines.Of(found));
            if (found.Condition == CheckpointCondition.Incomplete) continue;
            checkpoints++;
            if (found.Condition != CheckpointCondition.Valid) refused++;
        }
        if (checkpoints > 0) return refused == 0 ? ExitCodes.Done : ExitCodes.CheckFailed;
        console.Error.WriteLine($"{state}: no checkpoint");
        return ExitCodes.DataRefused;
    }

    /// <summary>A running job removes the manifest before the files that only this checkpoint needs.</summary>
    private static ListedCheckpoint DamagedUnlessGone(ListedCheckpoint checkpoint, string damage) => File.Exists(Path.Combine(checkpoint.Directory, ManifestFile.Name))
        ? checkpoint with { Condition = CheckpointCondition.Damaged, Reason = damage }
        : checkpoint with { Condition = CheckpointCondition.Incomplete, Reason = $"{checkpoint.Directory}: removed while it was checked" };

    private static int List(string state, InvocationConfiguration console, bool color)
    {
        IReadOnlyList<ListedCheckpoint> found = CheckpointReader.List(state);
        if (found.Count == 0) console.Error.WriteLine($"{state}: no checkpoint");
        else if (color && console.Output == Console.Out && !Console.IsOutputRedirected) AnsiConsole.Console.Write(CheckpointLines.Table(found));
        else foreach (ListedCheckpoint checkpoint in found) console.Output.WriteLine(CheckpointLines.Of(checkpoint));
        return ExitCodes.Done;
    }

    private static int Inspect(string state, InvocationConfiguration console, long? id)
    {
        ListedCheckpoint? found = id is { } wanted
            ? CheckpointReader.Read(state, wanted)
            : CheckpointReader.Ids(state).Select(next => CheckpointReader.Read(state, next)).FirstOrDefault(next => next?.Condition == CheckpointCondition.Valid);
        if (found is null) console.Error.WriteLine(id is null ? $"{state}: no valid checkpoint" : $"{state}: no checkpoint {id}");
        else if (found.Condition != CheckpointCondition.Valid) console.Error.WriteLine(CheckpointLines.Of(found));
        if (found?.Manifest is not { } manifest) return ExitCodes.DataRefused;
        console.Output.WriteLine(Text(manifest));
        return found.Condition == CheckpointCondition.Valid ? ExitCodes.Done : ExitCodes.DataRefused;
    }

    private static string Text(CheckpointManifest manifest)
    {
        ReadOnlySpan<byte> bytes = ManifestFile.Format(manifest);
        var reader = new Utf8JsonReader(bytes[..bytes.IndexOf((byte)'\n')]);
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, Indented)) document.WriteTo(json);
        return System.Text.Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    private static int On(ParseResult parsed, Argument<string> directory, Func<string, InvocationConfiguration, int> run)
    {
        InvocationConfiguration console = parsed.InvocationConfiguration;
        string state = parsed.GetRequiredValue(directory);
        if (Directory.Exists(state)) return Failures.Report(console.Error, () => run(state, console));
        console.Error.WriteLine($"{state}: expected a state directory, found none");
        return ExitCodes.DataRefused;
    }
}
