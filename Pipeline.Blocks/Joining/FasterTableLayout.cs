using System.Numerics;

namespace Pipeline.Blocks.Joining;

/// <summary>How a memory budget is split between FASTER's hash index and the part of its log that is kept in memory.</summary>
/// <remarks>
/// The index takes a power of two, 18 to 36 % of what is left after the fixed part: an index entry costs 8 to 16 bytes a window wherever its record lies,
/// a record in memory 72 bytes (one action stream) or more. The log takes the rest in whole pages, of which it gives up a fifth at most, and four, to touched states once it is on disk in part.
/// </remarks>
/// <param name="IndexBytes">Bytes of the index without overflow buckets.</param>
/// <param name="PageBytes">Bytes of a log page.</param>
/// <param name="Pages">Log pages in memory.</param>
public sealed record FasterTableLayout(long IndexBytes, int PageBytes, int Pages)
{
    /// <summary>What FASTER allocates in one piece for overflow buckets: 65,536 of 64 bytes, the first at the start.</summary>
    public const long OverflowChunkBytes = 4L << 20;

    /// <summary>Fewest pages: with fewer the part of the log that is updated in place shrinks to nothing.</summary>
    public const int FewestPages = 10;

    /// <summary>Least memory a table takes.</summary>
    public const long FloorBytes = OverflowChunkBytes + SmallestIndex + (FewestPages * SmallestPage);

    private const long SmallestIndex = 16 << 10;

    // FASTER writes the index of a checkpoint in one piece and loses sizes of 2 GiB and more.
    private const long LargestIndex = 512L << 20;

    // FASTER keeps this many pages that were let go for the next one that is needed, so the first four give nothing back.
    private const int SparePages = 4;

    // Not measured: a page, which is written and given up whole, is 3 % of the log's memory at most.
    private const int PagesAimedAt = 32;
    private const int SmallestPage = 4 << 10;
    private const int LargestPage = 4 << 20;

    // A quarter of it took 21.3 and 21.7 s against 22.6 and 22.3. Not taken: with most windows on disk each needs its entry, and buckets that go on in others cost more
    // (perf/results/2026-11-29.md: "What did not help").
    private const double IndexShare = 0.36;

    // With 50 million windows open, a tenth of them clicked, at 3 GiB: 3.05 → 2.84 CPU s per M records, medians of three
    // (perf/results/2026-11-29.md: "Windows on disk that are touched"). Other shares were not measured.
    private const double TouchedShare = 0.2;

    /// <summary>The split of a budget.</summary>
    public static FasterTableLayout For(long memoryBytes)
    {
        long shared = Math.Max(memoryBytes - OverflowChunkBytes, SmallestIndex + (FewestPages * SmallestPage));
        long index = Math.Clamp(PowerOfTwo((long)(shared * IndexShare)), SmallestIndex, LargestIndex);
        long log = shared - index;
        int page = (int)Math.Clamp(PowerOfTwo(log / PagesAimedAt), SmallestPage, LargestPage);
        return new FasterTableLayout(index, page, (int)Math.Max(log / page, FewestPages));
    }

    /// <summary>log2 of the bytes of FASTER's ring of pages: more than is used, so that pages let go are given back.</summary>
    public int RingBits => BitOperations.Log2((uint)PageBytes) + (int)Math.Ceiling(Math.Log2(Pages + 1));

    /// <summary>
    /// Pages of the ring that are to stay empty so that at most the given number is in memory: besides those behind the tail, the tail's own page, the
    /// one allocated ahead of it, and two that fill while others are written.
    /// </summary>
    public int EmptyPages(int pages) => (1 << (RingBits - BitOperations.Log2((uint)PageBytes))) - pages + 3;

    /// <summary>Pages that remain when overflow buckets have taken more than the first chunk.</summary>
    public int PagesBeside(long overflowBytes)
    {
        long excess = overflowBytes - OverflowChunkBytes;
        if (excess <= 0) return Pages;
        return (int)Math.Max(Pages - SparePages - ((excess + PageBytes - 1) / PageBytes), FewestPages);
    }

    /// <summary>Bytes of the log's that <see cref="TouchedStates{TCells}"/> gets once the log is on disk in part; 0 when the log can give none.</summary>
    public long TouchedBytes => Math.Max(Math.Min((long)(Pages * TouchedShare), Pages - SparePages - FewestPages - 1), 0) * PageBytes;

    /// <summary>Whether the log, beside overflow buckets of so many bytes, can give touched states theirs.</summary>
    public bool HasRoomForTouched(long overflowBytes) => TouchedBytes > 0 && PagesBeside(overflowBytes + TouchedBytes) > FewestPages;

    private static long PowerOfTwo(long atMost) => atMost <= 0 ? 0 : 1L << BitOperations.Log2((ulong)atMost);
}
