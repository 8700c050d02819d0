namespace Pipeline.Verification;

/// <summary>A job, or a place of samples, that cannot be verified as it is asked for.</summary>
public sealed class UnverifiableException(string message) : Exception(message);
