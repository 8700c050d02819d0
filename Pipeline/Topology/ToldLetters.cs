using Microsoft.Extensions.Logging;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Logging;

namespace Pipeline.Topology;

/// <summary>A dead-letter sink that tells the operator where refused records are: of each batch one a stream and reason, and the log keeps repeats down.</summary>
/// <remarks>Ownership: owns the sink. A record that is no event, or a sample that is invalid, is a warning; late and orphaned events are details.</remarks>
internal sealed class ToldLetters(IDeadLetterSink sink, IReadOnlyList<StreamOptions> streams, PartitionDirectory directory, ILogger log) : IDeadLetterSink
{
    private readonly HashSet<(byte Stream, DeadLetterReason Reason)> _told = [];

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken stop) => sink.OpenAsync(stop);

    /// <inheritdoc/>
    public ValueTask WriteAsync(DeadLetterBatch batch, CancellationToken stop)
    {
        _told.Clear();
        foreach (DeadLetter letter in batch.Letters)
            if (_told.Add((letter.Stream, letter.Reason)))
                Tell(letter);
        return sink.WriteAsync(batch, stop);
    }

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken stop) => sink.FlushAsync(stop);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => sink.DisposeAsync();

    private void Tell(DeadLetter letter)
    {
        SourcePartition from = directory.All[letter.Partition];
        string stream = streams[letter.Stream].Name;
        if (letter.Reason is DeadLetterReason.Late or DeadLetterReason.LateIdle or DeadLetterReason.Orphaned)
            log.EventRefused(stream, letter.Reason.Name(), from.Source, from.Number, letter.Offset);
        else log.RecordRefused(stream, letter.Reason.Name(), from.Source, from.Number, letter.Offset);
    }
}
