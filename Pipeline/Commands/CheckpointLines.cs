using System.Globalization;
using Pipeline.Blocks.Records;
using Pipeline.Checkpoints;
using Spectre.Console;

namespace Pipeline.Commands;

/// <summary>Checkpoints as people and scripts read them: a row of a table, or a line of words.</summary>
internal static class CheckpointLines
{
    private static readonly string[] Columns = ["checkpoint", "created", "condition", "samples", "watermark", "open", "bytes"];

    /// <summary>One line: number, condition, then <c>name=value</c> of a whole one or the reason of another.</summary>
    public static string Of(ListedCheckpoint checkpoint)
    {
        string begin = $"{CheckpointReader.NameOf(checkpoint.Id)} {NameOf(checkpoint.Condition)}";
        return checkpoint is { Condition: CheckpointCondition.Valid, Manifest: { } whole }
            ? $"{begin} created={Time(whole.Created)} samples={whole.Ledger.Samples} watermark={Time(whole.Watermark)} open={whole.OpenEvents()} bytes={whole.SnapshotBytes()}"
            : $"{begin}: {checkpoint.Reason}";
    }

    /// <summary>A row each; reasons below.</summary>
    public static Rows Table(IReadOnlyList<ListedCheckpoint> checkpoints)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (string column in Columns) table.AddColumn(new TableColumn(column) { Alignment = column is "samples" or "open" or "bytes" ? Justify.Right : Justify.Left });
        foreach (ListedCheckpoint checkpoint in checkpoints)
        {
            CheckpointManifest? manifest = checkpoint.Manifest;
            table.AddRow(new string?[]
            {
                CheckpointReader.NameOf(checkpoint.Id), manifest is null ? null : Time(manifest.Created), NameOf(checkpoint.Condition),
                $"{manifest?.Ledger.Samples:N0}", manifest is null ? null : Time(manifest.Watermark), $"{manifest?.OpenEvents():N0}", $"{manifest?.SnapshotBytes():N0}",
            }.Select(static cell => new Text(cell ?? "")));
        }
        return new Rows([table, .. checkpoints.Where(static checkpoint => checkpoint.Reason.Length > 0).Select(static checkpoint => new Text(checkpoint.Reason))]);
    }

    private static string NameOf(CheckpointCondition condition) => condition switch
    {
        CheckpointCondition.Valid => "valid",
        CheckpointCondition.Incomplete => "incomplete",
        CheckpointCondition.OtherRelease => "other-release",
        _ => "damaged",
    };

    private static string Time(long milliseconds) => milliseconds switch
    {
        SourcePartition.NoTime => "none",
        long.MaxValue => "end",
        _ => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, 0, MostMilliseconds)).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
    };

    // The end of 9999, the last year that can be written.
    private const long MostMilliseconds = 253_402_300_799_999;
}
