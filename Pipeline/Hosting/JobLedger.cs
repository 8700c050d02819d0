using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Configuration;
using Pipeline.Topology;

namespace Pipeline.Hosting;

/// <summary>Adds up what each stage counted for itself and closes the books: in = out + open, per stream.</summary>
/// <remarks>
/// The sums come from counters that know nothing of each other: what Partition saw, what the lanes took in, dropped and hold in reorder buffer and windows, and
/// what Format wrote. They agree at a quiet point; while batches are in flight <c>unaccounted</c> is what lies between two stages.
/// </remarks>
public static class JobLedger
{
    /// <summary>The ledger of one stream.</summary>
    public static StreamSummary OfStream(JobOptions job, SampleTopology topology, PartitionLedger partition, int stream)
    {
        int rank = LaneRanks.Of(job.Streams)[stream];
        FormatCounts formatted = topology.Format.Ledger.Read();
        long received = 0, duplicate = 0, orphaned = 0, open = 0, emitted = 0;
        foreach (LaneBlock lane in topology.Lanes)
        {
            LaneLedger ledger = lane.State.Ledger;
            received += ledger.Received[rank];
            emitted += ledger.Emitted[rank];
            duplicate += ledger.Duplicate[rank];
            orphaned += ledger.Orphaned[rank];
            open += lane.State.Reorder.Waiting[rank] + ledger.InWindows[rank];
        }
        foreach (SaltBlock salt in topology.Salts)
        {
            // They are the lane's, and not yet in its counts.
            received += salt.State.Reorder.Waiting[rank];
            open += salt.State.Reorder.Waiting[rank];
        }
        var rejected = new SortedDictionary<string, long>(StringComparer.Ordinal);
        for (int reason = 0; reason < ReasonNames.Rejections; reason++) rejected[((EventOutcome)reason).Name()] = partition.Rejected[stream][reason];
        long late = partition.Late[stream], lateIdle = partition.LateIdle[stream];
        long records = partition.Records[stream], events = partition.Events[stream];
        long filtered = partition.Filtered[stream].Sum();
        return new StreamSummary
        {
            Records = records,
            Rejected = rejected,
            Filtered = filtered,
            FilteredBy = [.. partition.Filtered[stream]],
            Events = events,
            Late = LateReasons(late, lateIdle),
            Duplicate = duplicate,
            Joined = formatted.Joined[rank],
            Orphaned = orphaned,
            Invalid = formatted.Invalid[rank],
            Open = open,
            Unaccounted = Math.Abs(records - rejected.Values.Sum() - filtered - events)
                + Math.Abs(events - late - lateIdle - received)
                + Math.Abs(received - duplicate - orphaned - open - emitted)
                + Math.Abs(emitted - formatted.Joined[rank] - formatted.Invalid[rank]),
        };
    }

    /// <summary>The whole summary; counts are those of the state, <paramref name="recordsBefore"/> of them read before this process.</summary>
    public static JobSummary Summarize(JobOptions job, string delivery, SampleTopology topology, PartitionLedger partition, long recordsBefore, ProcessUse use)
    {
        var streams = new Dictionary<string, StreamSummary>();
        for (int stream = 0; stream < job.Streams.Count; stream++) streams[job.Streams[stream].Name] = OfStream(job, topology, partition, stream);
        IEnumerable<StreamSummary> all = streams.Values;
        FormatCounts formatted = topology.Format.Ledger.Read();
        long actionsEnded = 0, actionsJoined = 0;
        foreach (StreamOptions stream in job.Streams)
        {
            if (stream.Role != StreamRole.Action) continue;
            actionsEnded += streams[stream.Name].Events - streams[stream.Name].Open;
            actionsJoined += streams[stream.Name].Joined;
        }
        return new JobSummary
        {
            Job = job.Job,
            Delivery = delivery,
            Deterministic = partition.LateIdle.Sum() == 0,
            SourceRecords = partition.SourceRecords,
            Records = all.Sum(stream => stream.Records),
            Rejected = Sum(all.Select(stream => stream.Rejected)),
            Filtered = all.Sum(stream => stream.Filtered),
            Events = all.Sum(stream => stream.Events),
            Late = Sum(all.Select(stream => stream.Late)),
            Duplicate = all.Sum(stream => stream.Duplicate),
            Joined = all.Sum(stream => stream.Joined),
            Orphaned = all.Sum(stream => stream.Orphaned),
            Invalid = all.Sum(stream => stream.Invalid),
            Open = all.Sum(stream => stream.Open),
            Unaccounted = all.Sum(stream => stream.Unaccounted),
            Samples = formatted.Samples,
            Positives = formatted.Positives,
            JoinRate = actionsEnded == 0 ? 0 : Math.Round(actionsJoined / (double)actionsEnded, 6),
            Seconds = Math.Round(use.Seconds, 3),
            ReadingSeconds = Math.Round(use.ReadingSeconds, 3),
            RecordsPerSecond = use.Seconds <= 0 ? 0 : Math.Round((partition.SourceRecords - recordsBefore) / use.Seconds, 1),
            CpuSeconds = Math.Round(use.CpuSeconds, 3),
            PeakRssBytes = use.PeakRssBytes,
            Streams = streams,
        };
    }

    private static SortedDictionary<string, long> LateReasons(long late, long lateIdle) =>
        new(StringComparer.Ordinal)
        {
            [DeadLetterReason.Late.Name()] = late,
            [DeadLetterReason.LateIdle.Name()] = lateIdle,
        };

    private static SortedDictionary<string, long> Sum(IEnumerable<SortedDictionary<string, long>> parts)
    {
        var sums = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (SortedDictionary<string, long> part in parts)
            foreach ((string reason, long count) in part) sums[reason] = sums.GetValueOrDefault(reason) + count;
        return sums;
    }
}
