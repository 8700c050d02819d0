namespace Pipeline.Generation;

/// <summary>A place that cannot take the log as it was asked for.</summary>
public sealed class LogTargetException(string message) : Exception(message);
