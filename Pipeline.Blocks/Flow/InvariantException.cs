namespace Pipeline.Blocks.Flow;

/// <summary>A bug or a lost invariant: the pipeline stops with it, and replay repairs.</summary>
public sealed class InvariantException : Exception
{
    /// <summary>An invariant is lost.</summary>
    public InvariantException(string message) : base(message)
    {
    }

    /// <summary>An invariant is lost, because of something else.</summary>
    public InvariantException(string message, Exception inner) : base(message, inner)
    {
    }

    /// <summary>An invariant is lost.</summary>
    public InvariantException() : this("An invariant is lost.")
    {
    }
}
