using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sources;

/// <summary>Says once that the brokers are away, and once that they are back; and ends the wait for them at a limit.</summary>
/// <remarks>Threading: any.</remarks>
/// <param name="bootstrap">The brokers, for the message.</param>
/// <param name="log">Takes the message.</param>
/// <param name="clock">The clock of the limit.</param>
/// <param name="limit">How long they may be away; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
/// <param name="outages">Told too; null: nobody.</param>
internal sealed class KafkaOutage(string bootstrap, ILogger log, TimeProvider clock, TimeSpan limit, Outages? outages = null)
{
    private long _began;
    private int _lasts;
    private int _failures;

    /// <summary>The brokers are away.</summary>
    public bool Lasts => Volatile.Read(ref _lasts) != 0;

    /// <summary>The latest error that had to do with reaching a broker.</summary>
    public string LastError { get; private set; } = "no answer";

    /// <summary>Attempts that failed so far; taken before a question whose answer is to end the outage.</summary>
    public int Failures => Volatile.Read(ref _failures);

    /// <summary>An attempt failed.</summary>
    public void Begin(Error error)
    {
        Interlocked.Increment(ref _failures);
        LastError = error.Reason;
        // A broker that says this is there: the coordinator moves or loads, as it does for a moment behind a restart.
        if (error.Code is ErrorCode.NotCoordinatorForGroup or ErrorCode.GroupCoordinatorNotAvailable or ErrorCode.GroupLoadInProgress) return;
        if (!Lasts) Volatile.Write(ref _began, clock.GetTimestamp());
        if (Interlocked.Exchange(ref _lasts, 1) != 0) return;
        outages?.Begin(OutageKind.Source, bootstrap, error.Reason);
        log.BrokersAway(bootstrap, error.Reason);
    }

    /// <summary>Throws once the brokers have been away for as long as they may.</summary>
    /// <exception cref="BrokerUnavailableException">They have.</exception>
    public void ThrowIfTooLong()
    {
        if (limit != Timeout.InfiniteTimeSpan && Lasts && clock.GetElapsedTime(Volatile.Read(ref _began)) >= limit)
            throw new BrokerUnavailableException($"No broker of {bootstrap} answered for {limit.TotalSeconds:0.###} s: {LastError}");
    }

    /// <summary>A broker answered; that counts unless something failed since the question, for the answer may have been on its way before.</summary>
    public void End(int failuresBefore)
    {
        if (!Lasts || Failures != failuresBefore || Interlocked.Exchange(ref _lasts, 0) == 0) return;
        outages?.End(OutageKind.Source, bootstrap);
        log.BrokersBack(bootstrap);
    }
}
