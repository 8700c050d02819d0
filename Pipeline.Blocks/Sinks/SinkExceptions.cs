namespace Pipeline.Blocks.Sinks;

/// <summary>What stands at the output is not what this job may go on from; nothing was changed.</summary>
/// <param name="message">Which file or topic, what was expected and what was found.</param>
/// <param name="inner">The error under it.</param>
public sealed class SinkRefusedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Another process writes to the output; nothing was changed.</summary>
/// <param name="message">Which directory, and its lock file.</param>
/// <param name="inner">The error under it.</param>
public sealed class SinkLockedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The output could not be written for longer than <c>unavailable_limit</c>, or what was written may be lost. A restart replays it.</summary>
/// <param name="message">Which file or topic, where in it, and the error.</param>
/// <param name="inner">The last error.</param>
public sealed class SinkUnavailableException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>Whether it is a broker that is missing, rather than a disk.</summary>
    public bool Broker { get; init; }
}

/// <summary>The broker, or the client, refused a record for good.</summary>
/// <param name="message">Topic, partition and the error.</param>
/// <param name="inner">The error under it.</param>
public sealed class DeliveryFailedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Another instance writes this job's samples now; this one has stopped writing and committed nothing since. Exit code 75.</summary>
/// <param name="message">Which job, and which instances.</param>
/// <param name="inner">The error that made this one look.</param>
public sealed class SinkFencedException(string message, Exception? inner = null) : Exception(message, inner);
