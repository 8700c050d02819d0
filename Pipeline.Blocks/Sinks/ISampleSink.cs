using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Writes formatted samples.</summary>
/// <remarks>Threading: one call at a time. Errors: transient ones are waited out at this edge up to the job's limit; anything else throws and stops the pipeline.</remarks>
public interface ISampleSink : IAsyncDisposable
{
    /// <summary>Makes the sink ready (connects, creates topics, opens and truncates files).</summary>
    Task OpenAsync(CancellationToken stop);

    /// <summary>Takes a batch's samples; its bytes are the caller's again when the task ends. May wait: that is the back-pressure.</summary>
    ValueTask WriteAsync(OutputBatch batch, CancellationToken stop);

    /// <summary>Ends when everything written before is delivered: acknowledged by the broker, or on disk and covered by <c>_committed.json</c>.</summary>
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
