namespace Pipeline.Blocks.Joining;

/// <summary>The contract's total order over the entries of one bucket, and what makes two of them duplicates.</summary>
/// <remarks>
/// The hash stands in for the key's bytes; entries with equal time, hash and rank are settled by the bytes of key, event id and payload, unsigned.
/// Duplicates are equal in time, key, stream and event id (where both have one), else in payload; they are neighbours in this order.
/// Pinned by <c>ReorderBufferTests</c>.
/// </remarks>
internal static class ReorderOrder
{
    /// <summary>Which of two entries comes first.</summary>
    public static int Compare(ReorderBucket bucket, in ReorderEntry left, in ReorderEntry right)
    {
        if (left.Time != right.Time) return left.Time < right.Time ? -1 : 1;
        if (left.Key.Hi != right.Key.Hi) return left.Key.Hi < right.Key.Hi ? -1 : 1;
        if (left.Key.Lo != right.Key.Lo) return left.Key.Lo < right.Key.Lo ? -1 : 1;
        return left.Start == right.Start ? 0 : CompareBytesSlow(bucket, left, right);
    }

    private static int CompareBytesSlow(ReorderBucket bucket, in ReorderEntry left, in ReorderEntry right)
    {
        bucket.Read(left.Start, out ReadOnlySpan<byte> leftKey, out ReadOnlySpan<byte> leftId, out ReadOnlySpan<byte> leftPayload);
        bucket.Read(right.Start, out ReadOnlySpan<byte> rightKey, out ReadOnlySpan<byte> rightId, out ReadOnlySpan<byte> rightPayload);
        int order = leftKey.SequenceCompareTo(rightKey);
        if (order == 0) order = left.Rank.CompareTo(right.Rank);
        if (order == 0) order = leftId.SequenceCompareTo(rightId);
        if (order == 0) order = leftPayload.SequenceCompareTo(rightPayload);
        return order;
    }

    /// <summary>Whether <paramref name="later"/> repeats its neighbour before it.</summary>
    public static bool AreDuplicates(ReorderBucket bucket, in ReorderEntry earlier, in ReorderEntry later)
    {
        // What a salt has condensed holds no duplicates, and what is salted has none that is not.
        if (later.Also != ReorderEntry.Plain) return false;
        if (earlier.Time != later.Time || earlier.Key != later.Key || earlier.Rank != later.Rank) return false;
        bucket.Read(earlier.Start, out ReadOnlySpan<byte> earlierKey, out ReadOnlySpan<byte> earlierId, out ReadOnlySpan<byte> earlierPayload);
        bucket.Read(later.Start, out ReadOnlySpan<byte> laterKey, out ReadOnlySpan<byte> laterId, out ReadOnlySpan<byte> laterPayload);
        if (!earlierKey.SequenceEqual(laterKey) || !earlierId.SequenceEqual(laterId)) return false;
        return earlierId.Length > 0 || earlierPayload.SequenceEqual(laterPayload);
    }
}
