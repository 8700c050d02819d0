using Microsoft.Extensions.Logging;
using Pipeline.Blocks.Telemetry;
using Polly;
using Polly.Retry;

namespace Pipeline.Blocks.Sinks;

/// <summary>Repeats a failed write to a sink's or a checkpoint's files until it succeeds or the limit has passed: a full disk delays samples, and loses none.</summary>
/// <remarks>
/// One message when writing stops and one when it goes on. Threading: one call at a time.
/// Errors: <see cref="SinkUnavailableException"/> past the limit; what repeating cannot mend (a directory that is gone, a permission) is thrown at once.
/// </remarks>
public sealed class StorageRetry
{
    /// <summary>The pipeline's name in telemetry.</summary>
    public const string Name = "sink-files";

    /// <summary>Longest pause between two attempts.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _clock;
    private readonly TimeSpan _limit;
    private readonly ILogger _log;
    private readonly ResiliencePipeline _pipeline;
    private readonly Outages? _outages;
    private readonly OutageKind _kind;
    private string? _failingWhat;
    private bool _failing;
    private long _failingSince;

    /// <summary>Retries by the settings' clock and limit.</summary>
    public StorageRetry(SinkSettings settings) : this(settings.Clock, settings.UnavailableLimit, settings.Log, settings.Outages, OutageKind.Sink)
    {
    }

    /// <summary>Retries.</summary>
    /// <param name="clock">The clock of pauses and of the limit.</param>
    /// <param name="limit">How long writing may fail; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
    /// <param name="log">Messages for the operator.</param>
    /// <param name="outages">Told what is waited for; null: nobody.</param>
    /// <param name="kind">What that is.</param>
    public StorageRetry(TimeProvider clock, TimeSpan limit, ILogger log, Outages? outages = null, OutageKind kind = OutageKind.StateDisk)
    {
        (_clock, _limit, _log, _outages, _kind) = (clock, limit, log, outages, kind);
        _pipeline = new ResiliencePipelineBuilder { Name = Name, TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions
            {
                Name = Name,
                MaxRetryAttempts = int.MaxValue,
                ShouldHandle = attempt => ValueTask.FromResult(MayPass(attempt.Outcome.Exception) && WithinLimit()),
                DelayGenerator = static attempt => ValueTask.FromResult<TimeSpan?>(PauseAfter(attempt.AttemptNumber)),
            })
            .Build();
    }

    /// <summary>Writes, and writes again while it fails.</summary>
    /// <param name="what">What is written and where, for messages.</param>
    /// <param name="write">May be repeated after it has failed half-way.</param>
    /// <param name="stop">Ends the waiting.</param>
    public ValueTask RunAsync(string what, Action write, CancellationToken stop) =>
        RunAsync(
            () => what,
            () =>
            {
                write();
                return Task.CompletedTask;
            },
            stop);

    /// <summary>The same, where a write does not hold the caller's thread. A caller with many writes keeps the delegates: for a write that is over at once and succeeds nothing is allocated here.</summary>
    public async ValueTask RunAsync(Func<string> what, Func<Task> write, CancellationToken stop)
    {
        try
        {
            await _pipeline.ExecuteAsync(
                static (call, _) => call.Self.AttemptAsync(call.What, call.Write),
                (Self: this, What: what, Write: write), stop).ConfigureAwait(false);
        }
        catch (IOException last) when (MayPass(last))
        {
            throw new SinkUnavailableException($"{what()} failed for {_limit}: {last.Message}", last);
        }
    }

    private async ValueTask AttemptAsync(Func<string> what, Func<Task> write)
    {
        try
        {
            await write().ConfigureAwait(false);
        }
        catch (IOException error) when (MayPass(error))
        {
            if (!_failing) _log.WriteFailed(what(), error.Message);
            if (!_failing) _failingSince = _clock.GetTimestamp();
            _outages?.Begin(_kind, _failingWhat ??= what(), error.Message);
            _failing = true;
            throw;
        }
        if (!_failing) return;
        _failing = false;
        _outages?.End(_kind, _failingWhat!);
        _failingWhat = null;
        _log.WriteSucceeded(what(), _clock.GetElapsedTime(_failingSince));
    }

    private bool WithinLimit() =>
        _limit == Timeout.InfiniteTimeSpan || _clock.GetElapsedTime(_failingSince) < _limit;

    private static bool MayPass(Exception? error) =>
        error is IOException and not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException or SinkUnavailableException);

    private static TimeSpan PauseAfter(int attempt)
    {
        // 100 ms · 2^6 is past the longest pause.
        TimeSpan pause = FirstPause * (1 << Math.Min(attempt, 6));
        return pause < LongestPause ? pause : LongestPause;
    }
}
