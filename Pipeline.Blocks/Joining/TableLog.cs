using System.IO.Hashing;

namespace Pipeline.Blocks.Joining;

/// <summary>Takes a part of a window table's log: bytes, and the address of the first.</summary>
internal delegate void TablePage(ReadOnlySpan<byte> page, long address);

/// <summary>What a snapshot says of the window table's log that it was taken of.</summary>
/// <param name="Generation">Which log of the table's directory.</param>
/// <param name="PageBits">log2 of a page's bytes.</param>
/// <param name="SegmentBits">log2 of a file's bytes.</param>
/// <param name="Begin">First address that may hold a live window.</param>
/// <param name="Tail">Address behind the last.</param>
/// <param name="AdvancedTo">Windows that end at or before it are dead.</param>
/// <param name="Latest">Greatest time of an event applied.</param>
/// <param name="Hashes">XXH3 of each page below the tail's, from that of <paramref name="Begin"/> on.</param>
/// <param name="TailHash">XXH3 of the whole sectors of the tail's page.</param>
/// <param name="TailSector">The bytes behind those, up to the tail.</param>
/// <param name="Marks">Where the tail was at which event time.</param>
internal sealed record TableLog(
    int Generation,
    int PageBits,
    int SegmentBits,
    long Begin,
    long Tail,
    long AdvancedTo,
    long Latest,
    ulong[] Hashes,
    ulong TailHash,
    byte[] TailSector,
    Queue<(long Time, long Address)> Marks)
{
    /// <summary>Reads the table's part of a snapshot.</summary>
    /// <param name="snapshot">Where that part begins.</param>
    /// <param name="recordBytes">Bytes of a window's record; null: those of any table.</param>
    public static TableLog Load(SnapshotReader snapshot, int? recordBytes)
    {
        int generation = snapshot.Read<int>();
        int pageBits = snapshot.Read<int>();
        int segmentBits = snapshot.Read<int>();
        if (recordBytes is { } expected) snapshot.Expect(expected, "bytes of a window's record");
        else snapshot.Read<int>();
        return new TableLog(
            generation, pageBits, segmentBits,
            Begin: snapshot.Read<long>(),
            Tail: snapshot.Read<long>(),
            AdvancedTo: snapshot.Read<long>(),
            Latest: snapshot.Read<long>(),
            Hashes: snapshot.ReadMany<ulong>(),
            TailHash: snapshot.Read<ulong>(),
            TailSector: snapshot.ReadMany<byte>(),
            Marks: TailMarks.Load(snapshot));
    }

    /// <summary>Reads the log in its order; each page is checked before it is handed on.</summary>
    /// <exception cref="InvalidDataException">A file is missing or short, or a page is not what was written.</exception>
    public void Read(string directory, TablePage use)
    {
        using var files = new TableSegments(TableFiles.PrefixOf(directory, Generation), SegmentBits);
        byte[] page = new byte[1 << PageBits];
        long number = Begin >> PageBits;
        for (; number < Tail >> PageBits; number++)
        {
            ReadPage(files, number << PageBits, page, Hashes[number - (Begin >> PageBits)]);
            use(page, number << PageBits);
        }
        int whole = Tail > Begin ? (int)(Tail - (number << PageBits) - TailSector.Length) : 0;
        ReadPage(files, number << PageBits, page.AsSpan(0, whole), TailHash);
        TailSector.CopyTo(page, whole);
        use(page.AsSpan(0, whole + TailSector.Length), number << PageBits);
    }

    private static void ReadPage(TableSegments files, long address, Span<byte> page, ulong expected)
    {
        if (page.Length > 0) files.Read(address, page);
        ulong found = XxHash3.HashToUInt64(page);
        if (found != expected)
            throw new InvalidDataException(
                $"Window table {files.PathOf(address)}: {page.Length} bytes at address {address}: expected the checksum {expected:x16}, found {found:x16}.");
    }
}
