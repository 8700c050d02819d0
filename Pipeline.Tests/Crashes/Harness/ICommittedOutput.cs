using System.IO.Hashing;

namespace Pipeline.Tests.Crashes;

/// <summary>A sample as a reader saw it.</summary>
/// <param name="Place">Output partition, or file.</param>
/// <param name="Key">The record key; null in files.</param>
/// <param name="Value">Its bytes, without a newline.</param>
internal readonly record struct SeenSample(string Place, byte[]? Key, byte[] Value);

/// <summary>A reader of committed output that is there from before the first start, and never started anew.</summary>
/// <remarks>Threading: read by one caller while it reads on by itself.</remarks>
internal interface ICommittedOutput : IAsyncDisposable
{
    /// <summary>Samples seen so far.</summary>
    long Count { get; }

    /// <summary>Samples seen so far, those of equal bytes counted once: what tells when a log has come to its end, whatever is repeated.</summary>
    long Distinct { get; }

    /// <summary>The first thing it saw that a reader of committed data must not see; null: nothing.</summary>
    string? Violation { get; }

    /// <summary>With no program running: ends when everything committed is seen.</summary>
    Task CatchUpAsync();

    /// <summary>What was seen, place by place in its order.</summary>
    IReadOnlyList<SeenSample> Seen();
}

/// <summary>Counts what differs.</summary>
/// <remarks>Threading: added to by one, read by any.</remarks>
internal sealed class DistinctCount
{
    private readonly HashSet<UInt128> _hashes = [];
    private long _count;

    /// <summary>How many.</summary>
    public long Value => Interlocked.Read(ref _count);

    /// <summary>One more, or once more the same.</summary>
    public void Add(ReadOnlySpan<byte> value)
    {
        if (_hashes.Add(XxHash128.HashToUInt128(value))) Interlocked.Increment(ref _count);
    }
}
