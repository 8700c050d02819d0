namespace Pipeline.Blocks.Joining;

/// <summary>A failed access to a state file: what was tried, where, what was expected and what was found.</summary>
/// <param name="Operation"><c>read</c>, <c>write</c>, <c>sync</c>, <c>remove</c>, or <c>completion</c> for a fault in the store's own callback.</param>
/// <param name="File">Path of the file.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Expected">Bytes asked for.</param>
/// <param name="Found">Bytes that were read or written.</param>
/// <param name="Cause">The error; null for a file that ends early.</param>
public sealed record DeviceFault(string Operation, string File, long Offset, long Expected, long Found, Exception? Cause)
{
    /// <summary>One line for the operator.</summary>
    public string Message =>
        $"State file {File}: {Operation} at {Offset}: expected {Expected} bytes, found {Found}" + (Cause is null ? "." : $": {Cause.Message}");
}

/// <summary>State storage failed; the lane stops, and a restart restores from the last checkpoint.</summary>
public sealed class StateStorageException : IOException
{
    /// <summary>For serializers.</summary>
    public StateStorageException()
    {
    }

    /// <summary>With a message.</summary>
    public StateStorageException(string message) : base(message)
    {
    }

    /// <summary>With a message and the error under it.</summary>
    public StateStorageException(string message, Exception? innerException) : base(message, innerException)
    {
    }

    /// <summary>For the first fault of a device.</summary>
    public StateStorageException(DeviceFault fault) : base(fault.Message, fault.Cause) => Fault = fault;

    /// <summary>The device's first fault.</summary>
    public DeviceFault? Fault { get; }
}
