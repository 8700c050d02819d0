using System.IO.Hashing;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Partitioning;

/// <summary>Which salt an event of a hot key gets: a function of what makes duplicates equal, so that they meet.</summary>
/// <remarks>
/// Of key and event time alone where times are fine, for then what one salt gets of a millisecond condenses to one entry a stream; where a stream's times are or may be
/// whole seconds, or those of a batch's arrival, also of event id, or else payload, for then a second's events would be one salt's. Threading: any.
/// </remarks>
/// <param name="streams">The job's.</param>
/// <param name="salts">How many there are.</param>
public sealed class SaltRule(IReadOnlyList<StreamOptions> streams, int salts)
{
    private readonly bool[] _coarse = [.. streams.Select(static stream => stream.Time is { Field: null } or { Unit: TimeUnit.Seconds or TimeUnit.Iso8601 })];

    /// <summary>The salt, 0 up.</summary>
    public int Of(in ParsedEvent parsed, RecordBatch batch)
    {
        // Fibonacci hashing: successive milliseconds of one key are spread evenly.
        ulong hash = (parsed.Key.Hi + (ulong)parsed.Time) * 0x9E3779B97F4A7C15;
        if (_coarse[parsed.Stream])
        {
            hash ^= XxHash3.HashToUInt64(
                parsed.IdLength > 0 ? batch.Arena.AsSpan(parsed.IdStart, parsed.IdLength) : batch.Bytes.AsSpan(parsed.PayloadStart, parsed.PayloadLength));
        }
        return (int)(((hash >> 32) * (ulong)salts) >> 32);
    }
}
