using System.Text;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Models;

/// <summary>How lanes are lost: each snapshot, begun after so many batches, is finished and followed by the loss of the lanes some batches later.</summary>
/// <param name="Every">Batches from one snapshot to the next.</param>
/// <param name="Finished">Batches after a snapshot's begin at which it is finished; more than <paramref name="Lost"/>: the lanes are lost before.</param>
/// <param name="Lost">Batches after a snapshot at which the lanes are lost; as many as <paramref name="Every"/> or more: never.</param>
/// <param name="Older">Whether the snapshot before the last is restored, where there is one.</param>
internal sealed record Restarts(int Every, int Finished, int Lost, bool Older);

/// <content>Loses the lanes with all that they did since a snapshot, restores them, and gives them the batches since then once more.</content>
internal sealed partial class FlowHarness
{
    private readonly List<Cut> _cuts = [];
    private readonly List<LaneBatch[]> _sinceOldest = [];
    private Restarts? _restarts;
    private (Cut Cut, PendingSnapshot[] Lanes)? _begun;
    private int _fed;
    private int _taken;

    public int RestartCount { get; private set; }

    /// <summary>Snapshots finished after the lanes had gone on.</summary>
    public int FinishedLater { get; private set; }

    /// <summary>Snapshots under way when the lanes were lost.</summary>
    public int LostUnfinished { get; private set; }

    /// <summary>Reason, stream and bytes of each letter.</summary>
    public IEnumerable<string> LetterTexts => TextsOf(_lateLetters).Concat(TextsOf(_letters));

    private static IEnumerable<string> TextsOf(DeadLetterBatch batch) =>
        batch.Letters.Select(letter => $"{letter.Reason} {letter.Stream} {Encoding.UTF8.GetString(batch.Bytes, letter.Start, letter.Length)}");

    private sealed record Cut(string Directory, int Samples, int Letters, FormatResult Result)
    {
        public LaneFloor[] Floors { get; set; } = [];

        public int Batches { get; set; }
    }

    private void Restart()
    {
        _sinceOldest.Add([.. _batches.Select(Copy)]);
        _fed++;
        int since = _fed % _restarts!.Every;
        if (since == 0)
        {
            if (_begun is not null) Finish();
            Begin();
        }
        if (since == _restarts.Finished && _begun is not null) Finish();
        if (_fed % _restarts.Every == _restarts.Lost && _cuts.Count > 0) Lose();
    }

    private void Begin()
    {
        string directory = _folder[$"checkpoint-{_taken++}"];
        var lanes = new PendingSnapshot[_lanes.Length];
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            Directory.CreateDirectory(Path.Combine(directory, $"{lane}"));
            lanes[lane] = _lanes[lane].BeginSnapshot(Path.Combine(directory, $"{lane}"));
        }
        _begun = (new Cut(directory, Samples.Count, _letters.Letters.Count, Copy(_result)) { Batches = _sinceOldest.Count }, lanes);
    }

    private void Finish()
    {
        (Cut cut, PendingSnapshot[] lanes) = _begun!.Value;
        _begun = null;
        if (_sinceOldest.Count > cut.Batches) FinishedLater++;
        // On another thread, as a caller's would be.
        cut.Floors = [.. lanes.Select(lane => Task.Run(lane.Finish)).ToArray().Select(finished => finished.GetAwaiter().GetResult().Floor)];
        _cuts.Add(cut);
        if (_cuts.Count == 3) _cuts.RemoveAt(0);
        int before = _cuts[0].Batches;
        _sinceOldest.RemoveRange(0, before);
        foreach (Cut kept in _cuts) kept.Batches -= before;
        for (int lane = 0; lane < _lanes.Length; lane++) _lanes[lane].KeepFrom(_cuts[0].Floors[lane]);
    }

    private void Lose()
    {
        RestartCount++;
        if (_begun is not null) LostUnfinished++;
        _begun = null;
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
