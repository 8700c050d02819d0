using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Pipeline.Checkpoints;
using Pipeline.Logging;
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
        list.SetAction(parsed => On(common, parsed, directory, (state, output, log) => List(state, output, log, common.Messages.Read(parsed).Color)));
        var inspect = new Command("inspect", "A checkpoint's manifest as JSON.") { directory, id };
        inspect.SetAction(parsed => On(common, parsed, directory, (state, output, log) => Inspect(state, output, log, parsed.GetValue(id))));
        var verify = new Command("verify", "Checks every checkpoint byte for byte.") { directory };
        verify.SetAction(parsed => On(common, parsed, directory, (state, output, log) => Verify(state, output, log, StateChecks)));
        return new Command("checkpoint", "Shows and checks the checkpoints of a state directory.") { list, inspect, verify };
    }

    /// <summary>Checks every checkpoint, and those that are whole by each of the checks too; one line each.</summary>
    internal static int Verify(string state, TextWriter output, ILogger log, IReadOnlyList<IStateCheck> checks)
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
            output.WriteLine(CheckpointLines.Of(found));
            if (found.Condition == CheckpointCondition.Incomplete) continue;
            checkpoints++;
            if (found.Condition != CheckpointCondition.Valid) refused++;
        }
        if (checkpoints > 0) return refused == 0 ? ExitCodes.Done : ExitCodes.CheckFailed;
        log.Fails($"{state}: no checkpoint");
        return ExitCodes.DataRefused;
    }

    /// <summary>A running job removes the manifest before the files that only this checkpoint needs.</summary>
    private static ListedCheckpoint DamagedUnlessGone(ListedCheckpoint checkpoint, string damage) => File.Exists(Path.Combine(checkpoint.Directory, ManifestFile.Name))
        ? checkpoint with { Condition = CheckpointCondition.Damaged, Reason = damage }
        : checkpoint with { Condition = CheckpointCondition.Incomplete, Reason = $"{checkpoint.Directory}: removed while it was checked" };

    private static int List(string state, TextWriter output, ILogger log, bool color)
    {
        IReadOnlyList<ListedCheckpoint> found = CheckpointReader.List(state);
        if (found.Count == 0) log.Note($"{state}: no checkpoint");
        else if (color && output == Console.Out && !Console.IsOutputRedirected) AnsiConsole.Console.Write(CheckpointLines.Table(found));
        else foreach (ListedCheckpoint checkpoint in found) output.WriteLine(CheckpointLines.Of(checkpoint));
        return ExitCodes.Done;
    }

    private static int Inspect(string state, TextWriter output, ILogger log, long? id)
    {
        ListedCheckpoint? found = id is { } wanted
            ? CheckpointReader.Read(state, wanted)
            : CheckpointReader.Ids(state).Select(next => CheckpointReader.Read(state, next)).FirstOrDefault(next => next?.Condition == CheckpointCondition.Valid);
        if (found is null) log.Fails(id is null ? $"{state}: no valid checkpoint" : $"{state}: no checkpoint {id}");
        else if (found.Condition != CheckpointCondition.Valid) log.Fails(CheckpointLines.Of(found));
        if (found?.Manifest is not { } manifest) return ExitCodes.DataRefused;
        output.WriteLine(Text(manifest));
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

    private static int On(CommonOptions common, ParseResult parsed, Argument<string> directory, Func<string, TextWriter, ILogger, int> run)
    {
        using EventLog log = common.Messages.OpenToolLog(parsed);
        string state = parsed.GetRequiredValue(directory);
        if (Directory.Exists(state)) return Failures.Report(log, () => run(state, parsed.InvocationConfiguration.Output, log));
        log.Fails($"{state}: expected a state directory, found none");
        return ExitCodes.DataRefused;
    }
}
