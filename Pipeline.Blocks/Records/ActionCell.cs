namespace Pipeline.Blocks.Records;

/// <summary>What a window knows of one action stream: exact count and first delay.</summary>
public struct ActionCell
{
    /// <summary>Actions in the window, duplicates not counted.</summary>
    public uint Count;

    /// <summary>Milliseconds from the window's start to the first action; meaningful when <see cref="Count"/> is not 0.</summary>
    public uint FirstDelay;
}
