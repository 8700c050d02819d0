namespace Pipeline.Blocks.Sinks;

/// <summary>One record of the progress topic.</summary>
/// <param name="Key">What it says: <c>start</c>, <c>cut</c>, <c>floors</c> or <c>group-0</c> to <c>group-63</c>. The last record of each key counts.</param>
/// <param name="Value">JSON; null is a tombstone: nothing was emitted.</param>
internal readonly record struct ProgressRecord(byte[] Key, byte[]? Value);
