namespace Pipeline.Blocks.Sources;

/// <summary>An input that the job names is not there: a glob matches nothing, or a topic does not exist. A mistake in the job file.</summary>
/// <param name="message">What is missing, and where it was looked for.</param>
public sealed class SourceMissingException(string message) : Exception(message);

/// <summary>No broker of the bootstrap list answered within the limit.</summary>
/// <param name="message">Which brokers, and for how long.</param>
/// <param name="inner">The last error.</param>
public sealed class BrokerUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>An input is no longer what was read: a file was cut or removed, or a position lies outside what is there.</summary>
/// <param name="source">Path, or topic and partition.</param>
/// <param name="expected">What should be there.</param>
/// <param name="found">What is there.</param>
public sealed class SourceChangedException(string source, string expected, string found)
    : IOException($"{source} has changed while it was needed: expected {expected}, found {found}");
