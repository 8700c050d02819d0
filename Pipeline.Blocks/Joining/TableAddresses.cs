namespace Pipeline.Blocks.Joining;

/// <summary>Where the log and the index of a window table stand, bytes.</summary>
/// <param name="Begin">Address below which windows are dead and gone.</param>
/// <param name="Head">Address from which on the log is in memory.</param>
/// <param name="Tail">Address behind the last window.</param>
/// <param name="Index">Size of the index.</param>
public readonly record struct TableAddresses(long Begin, long Head, long Tail, long Index);
