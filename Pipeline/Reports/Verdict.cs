using System.Globalization;
using Pipeline.Metrics;

namespace Pipeline.Reports;

/// <summary>Says in one line what limits the job now, and which flag would move it.</summary>
/// <remarks>
/// A pure function. Its order: what is away; a block that is busy nearly all the time, the one nearest the sink, for the blocks before it wait for it; a partition that holds
/// the watermark while the others wait for it; nothing left to read; all CPUs at work; else the sources.
/// </remarks>
internal static class Verdict
{
    /// <summary>Busy part of a block's time from which on it is what limits.</summary>
    public const double BusyLimit = 0.85;

    // What else a machine does takes a few hundredths; a process that gets this much gets all there is.
    private const double CpuLimit = 0.90;

    /// <summary>The line.</summary>
    public static string Of(VerdictInput now)
    {
        if (now.Outages is [var away, ..]) return $"waits for {away.Where}: {away.Cause}; goes on by itself when it is back";
        if (Bottleneck(now.Blocks) is { } block) return OfBlock(now, block);
        if (IsHeld(now)) return OfHolder(now);
        if (now.IsCaughtUp) return "sources give no more: nothing to turn";
        if (now.CpuShare >= CpuLimit) return OfCpus(now, "no block is busy all the time");
        double wait = now.Blocks.Where(static reading => reading.Name == "source").Select(static reading => reading.Recent.BackPressuredShare).DefaultIfEmpty().Max();
        if (wait > 0.5) return $"sources wait {Percent(wait)} for room and no block is busy all the time: batches are uneven, try --block-capacity {2 * now.Parallelism.BlockCapacity}";
        BlockReading? busiest = now.Blocks.MaxBy(static reading => reading.Recent.BusyShare);
        string most = busiest is null ? "" : $" (the busiest, {busiest.FullName}, is busy {Percent(busiest.Recent.BusyShare)})";
        return now.Lag > 0
            ? $"reading is the slowest part: {now.Lag.ToString("N0", CultureInfo.InvariantCulture)} wait to be read and every block waits for more{most}; for topics try a larger fetch (properties: fetch.max.bytes, max.partition.fetch.bytes)"
            : $"sources give no more{most}: nothing to turn";
    }

    /// <summary>The busy block nearest the sink; of busy lanes the busiest.</summary>
    private static BlockReading? Bottleneck(IReadOnlyList<BlockReading> blocks)
    {
        BlockReading? found = null;
        foreach (BlockReading block in blocks)
        {
            if (block.Recent.BusyShare < BusyLimit) continue;
            if (found is null || found.Name != block.Name || block.Recent.BusyShare > found.Recent.BusyShare) found = block;
        }
        return found;
    }

    private static string OfBlock(VerdictInput now, BlockReading block)
    {
        string busy = $"{block.FullName} is busy {Percent(block.Recent.BusyShare)}";
        return block.Name switch
        {
            "source" => OfSource(now, busy),
            "parse" => $"{busy}, {Waits(now, "join")}: {More(now, "--parse-parallelism", now.Parallelism.Parse)}",
            "format" => $"{busy}, {Waits(now, "sink")}: {More(now, "--format-parallelism", now.Parallelism.Format)}",
            "partition" => $"{busy}, {Waits(now, "join")}: it is one thread by design; try --batch-records {2 * now.Parallelism.BatchRecords}, or a second job with a part of the topics",
            "salt" => $"{busy}, {Waits(now, "join")}: a few keys have most of the events; {More(now, "--salts", block.Recent.Workers)}",
            "join" => OfLane(now, block, busy),
            "sink" => $"{busy}: the output takes no more and everything before it waits; make the broker or the disk faster, no flag of this program does",
            "dead-letters" => $"{busy}: dead letters go out slower than they are made; see why so many are refused (rejected, late, orphaned)",
            _ => $"{busy}: nothing to turn",
        };
    }

    private static string OfSource(VerdictInput now, string busy) =>
        now.CpuShare >= CpuLimit ? OfCpus(now, busy) : $"{busy}, {Waits(now, "parse")}: one thread reads a source; streams whose sources differ are read by a thread each, else a second job with a part of the topics";

    private static string OfLane(VerdictInput now, BlockReading lane, string busy)
    {
        BlockReading[] others = [.. now.Blocks.Where(block => block.Name == "join" && block.Lane != lane.Lane)];
        if (others.Length > 0 && others.All(static other => other.Recent.BusyShare < BusyLimit / 2))
            return $"{busy}, the other lanes {Percent(others.Max(static other => other.Recent.BusyShare))} or less: a few keys have most of the events; a key stays in one lane, more lanes do not part it{(now.Blocks.Any(static block => block.Name == "salt") ? "" : "; --skew-mode auto spreads a hot key's work")}";
        int lanes = now.Parallelism.Lanes;
        if (lanes >= now.Cpus && now.CpuShare >= CpuLimit) return OfCpus(now, busy);
        return $"{busy}, {Waits(now, "format")}: try --lanes {Math.Min(64, Math.Max(lanes + 1, Math.Min(2 * lanes, now.Cpus)))} (taken at a start with empty state)";
    }

    private static string More(VerdictInput now, string flag, int workers) =>
        now.CpuShare >= CpuLimit && workers >= now.Cpus ? $"all {Cpus(now)} at work; more CPUs, not {flag}, would help" : $"try {flag} {workers + 1}";

    private static string Waits(VerdictInput now, string next)
    {
        double idle = now.Blocks.Where(block => block.Name == next).Select(static block => block.Recent.IdleShare).DefaultIfEmpty().Max();
        return idle > 0.1 ? $"{next} waits" : $"{next} keeps up";
    }

    /// <summary>While partitions are apart by nearly the drift, or one has no event, those ahead are not read.</summary>
    private static bool IsHeld(VerdictInput now) => now.Holder is not null && !now.HolderMoves && (now.HolderIsEmpty ? now.Lag > 0 || !now.IsCaughtUp : now.HolderBehind >= now.MaxDrift * 0.9);

    private static string OfHolder(VerdictInput now)
    {
        string how = now.HolderIsEmpty ? "which has no event yet" : $"{now.HolderBehind.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture)} s behind";
        return $"waits for {now.Holder}, {how}: windows stay open and the other partitions are not read further; see what became of its writer, or set idle_timeout and stream_idle_timeout";
    }

    private static string OfCpus(VerdictInput now, string why) => $"{why}; all {Cpus(now)} at work ({Percent(now.CpuShare)}): more CPUs would help, no flag";

    private static string Cpus(VerdictInput now) => now.Cpus == 1 ? "of the one CPU is" : $"{now.Cpus} CPUs are";

    private static string Percent(double share) => $"{Math.Round(share * 100).ToString("F0", CultureInfo.InvariantCulture)} %";
}
