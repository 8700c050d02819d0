using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Writes formatted samples; one that delivers exactly once commits its progress with them.</summary>
/// <remarks>
/// Order at a start: <see cref="ReadProgressAsync"/>, which disturbs nobody, then <see cref="OpenAsync"/>, <see cref="ReadProgressAsync"/> again, for another
/// instance may have committed meanwhile, and <see cref="BeginAsync"/>. Threading: one call at a time. Errors: transient ones are waited out at this edge up to the job's limit; anything else throws and stops the pipeline.</remarks>
public interface ISampleSink : IAsyncDisposable
{
    /// <summary>
    /// What was committed, read to its end and changing nothing; null when nothing ever was, and always from a sink that delivers at least once.
    /// </summary>
    Task<Progress?> ReadProgressAsync(CancellationToken stop) => Task.FromResult<Progress?>(null);

    /// <summary>Connects, creates topics, opens files, and from there on excludes every other writer. What is committed stays as it is.</summary>
    Task OpenAsync(CancellationToken stop);

    /// <summary>Commits the progress that this run goes on from, as its owner, before the first sample.</summary>
    /// <param name="from">The progress read, with this run's owner; or one with nothing emitted.</param>
    /// <param name="fresh">What was committed before is discarded: files are emptied, progress is overwritten.</param>
    /// <param name="stop">Ends waiting.</param>
    Task BeginAsync(Progress from, bool fresh, CancellationToken stop) => Task.CompletedTask;

    /// <summary>The progress committed last; null from a sink that delivers at least once.</summary>
    Progress? Committed => null;

    /// <summary>Fails with what stopped the work that goes on behind calls, so that it is not found out only by the next of them; ends in success by disposal, and where nothing is told but at calls: of files, and of topics at least once.</summary>
    Task Completion => Task.CompletedTask;

    /// <summary>Takes a batch, which is the sink's from here on: it releases it, at once or when it is committed. May wait: that is the back-pressure.</summary>
    ValueTask WriteAsync(OutputBatch batch, CancellationToken stop);

    /// <summary>Ends when everything written before is delivered: committed or acknowledged by the broker, or on disk and covered by <c>_committed.json</c>.</summary>
    Task FlushAsync(CancellationToken stop);
}

/// <summary>Writes dead letters; at least once.</summary>
/// <remarks>As <see cref="ISampleSink"/>.</remarks>
public interface IDeadLetterSink : IAsyncDisposable
{
    /// <summary>Makes the sink ready.</summary>
    Task OpenAsync(CancellationToken stop);

    /// <summary>Takes a batch's letters.</summary>
    ValueTask WriteAsync(DeadLetterBatch batch, CancellationToken stop);

    /// <summary>Ends when everything written before is delivered.</summary>
    Task FlushAsync(CancellationToken stop);
}
