using System.Text;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Models;

/// <summary>How lanes are lost: each snapshot, taken after so many batches, is followed by the loss of the lanes some batches later.</summary>
/// <param name="Every">Batches from one snapshot to the next.</param>
/// <param name="Lost">Batches after a snapshot at which the lanes are lost; as many as <paramref name="Every"/> or more: never.</param>
/// <param name="Older">Whether the snapshot before the last is restored, where there is one.</param>
internal sealed record Restarts(int Every, int Lost, bool Older);

/// <content>Loses the lanes with all that they did since a snapshot, restores them, and gives them the batches since then once more.</content>
internal sealed partial class FlowHarness
{
    private readonly List<Cut> _cuts = [];
    private readonly List<LaneBatch[]> _sinceOldest = [];
    private Restarts? _restarts;
    private int _fed;
    private int _taken;

    public int RestartCount { get; private set; }

    /// <summary>Reason, stream and bytes of each letter.</summary>
    public IEnumerable<string> LetterTexts => TextsOf(_lateLetters).Concat(TextsOf(_letters));

    private static IEnumerable<string> TextsOf(DeadLetterBatch batch) =>
        batch.Letters.Select(letter => $"{letter.Reason} {letter.Stream} {Encoding.UTF8.GetString(batch.Bytes, letter.Start, letter.Length)}");

    private sealed record Cut(string Directory, LaneFloor[] Floors, int Samples, int Letters, FormatResult Result)
    {
        public int Batches { get; set; }
    }

    private void Restart()
    {
        _sinceOldest.Add([.. _batches.Select(Copy)]);
        _fed++;
        if (_fed % _restarts!.Every == 0) TakeSnapshots();
        if (_fed % _restarts.Every == _restarts.Lost && _cuts.Count > 0) Lose();
    }

    private void TakeSnapshots()
    {
        string directory = _folder[$"checkpoint-{_taken++}"];
        var floors = new LaneFloor[_lanes.Length];
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            Directory.CreateDirectory(Path.Combine(directory, $"{lane}"));
            floors[lane] = _lanes[lane].Snapshot(Path.Combine(directory, $"{lane}")).Floor;
        }
        if (_cuts.Count == 2)
        {
            _cuts.RemoveAt(0);
            _sinceOldest.RemoveRange(0, _cuts[0].Batches);
            _cuts[0].Batches = 0;
        }
        else if (_cuts.Count == 0) _sinceOldest.Clear();
        _cuts.Add(new Cut(directory, floors, Samples.Count, _letters.Letters.Count, Copy(_result)) { Batches = _sinceOldest.Count });
        for (int lane = 0; lane < _lanes.Length; lane++) _lanes[lane].KeepFrom(_cuts[0].Floors[lane]);
    }

    private void Lose()
    {
        RestartCount++;
        if (_restarts!.Older && _cuts.Count == 2) _cuts.RemoveAt(1);
        Cut cut = _cuts[^1];
        Samples.RemoveRange(cut.Samples, Samples.Count - cut.Samples);
        _letters.Letters.RemoveRange(cut.Letters, _letters.Letters.Count - cut.Letters);
        _result = Copy(cut.Result);
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            _lanes[lane].Dispose();
            _lanes[lane] = LaneJoin.Restore(
                Path.Combine(cut.Directory, $"{lane}"), OptionsOf(lane), Table(lane, restore: true), Reorder(lane), Log(lane));
            _lanes[lane].Letters = _letters;
        }
        foreach (LaneBatch[] batches in _sinceOldest.Skip(cut.Batches))
            for (int lane = 0; lane < _lanes.Length; lane++) Join(lane, batches[lane]);
    }

    private static LaneBatch Copy(LaneBatch batch) =>
        new() { Records = batch.Records, Watermark = batch.Watermark, Events = [.. batch.Events], Count = batch.Count };

    private static FormatResult Copy(FormatResult result) => result with
    {
        JoinedActions = [.. result.JoinedActions],
        InvalidActions = [.. result.InvalidActions],
        InvalidByRule = [.. result.InvalidByRule],
    };
}
