namespace Pipeline.Blocks.Flow;

/// <summary>A stage ended where it must not: it declined a message, or a cancellation came out of its work.</summary>
public sealed class StageFaultException : Exception
{
    /// <summary>A stage ended.</summary>
    public StageFaultException(string message) : base(message)
    {
    }

    /// <summary>A stage ended, because of something else.</summary>
    public StageFaultException(string message, Exception inner) : base(message, inner)
    {
    }

    /// <summary>A stage ended.</summary>
    public StageFaultException() : this("A stage ended.")
    {
    }
}
