using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;
using Pipeline.Configuration;

namespace Pipeline.Verification;

/// <summary>The contract (semantics) as directly as it can be said: all events of a key in memory, one thread, no state but a dictionary of windows.</summary>
/// <remarks>
/// It is what every other implementation is compared with, and shares no code with them: only the job's options and the names of outcomes.
/// It treats the sources as ended, unless it is told up to which watermark windows closed. Floors are not found again from the input; its records carry them.
/// </remarks>
public static class ReferenceJoin
{
    /// <summary>Joins the records; each partition's come in its order, partitions in any order or interleaved.</summary>
    /// <param name="job">The job.</param>
    /// <param name="records">Its records.</param>
    /// <param name="watermark">The join's watermark, ms: events at or above it still wait, windows that end above it are open; <see cref="long.MaxValue"/>: all ended.</param>
    public static ReferenceResult Run(JobOptions job, IEnumerable<SourceRecord> records, long watermark = long.MaxValue)
    {
        ReferenceResult result = NothingOf(job);
        Judge(job, OnTimeEvents(job, records, result), watermark, result);
        return result;
    }

    /// <summary>The result of no record.</summary>
    internal static ReferenceResult NothingOf(JobOptions job) => new([.. job.Streams.Select(static stream => new StreamLedger(stream.Name))]);

    /// <summary>Makes samples of events: all of some keys, in any order.</summary>
    /// <param name="job">The job.</param>
    /// <param name="onTime">Events of <see cref="OnTimeEvents"/>, which has been read to its end when the first of them is judged: only then are the columns known.</param>
    /// <param name="watermark">See <see cref="Run"/>.</param>
    /// <param name="result">Takes samples and counts.</param>
    internal static void Judge(JobOptions job, IEnumerable<ReferenceEvent> onTime, long watermark, ReferenceResult result)
    {
        var totalOrder = Comparer<ReferenceEvent>.Create((left, right) => Compare(job, left, right));
        // A queue, so that events can be collected as the samples grow.
        var events = new Queue<ReferenceEvent>(onTime.Order(totalOrder));
        var windows = new WindowCutter(job, result);
        ReferenceEvent? previous = null;
        while (events.TryDequeue(out ReferenceEvent? next))
        {
            if (previous is not null && AreDuplicates(previous, next)) result.Streams[next.Stream].Duplicate++;
            else if ((previous = next).Time >= watermark) result.Streams[next.Stream].Open++;
            else windows.Apply(next);
        }
        windows.CloseUpTo(watermark);
    }

    /// <summary>Checks, filters, and lateness: an event is compared with its partition's watermark before its record raises it.</summary>
    internal static IEnumerable<ReferenceEvent> OnTimeEvents(JobOptions job, IEnumerable<SourceRecord> records, ReferenceResult result)
    {
        long outOfOrderness = (long)job.Time.OutOfOrderness.TotalMilliseconds;
        var newest = new Dictionary<int, long>();
        int columnsOf = int.MaxValue;
        foreach (SourceRecord record in records)
        {
            if (record.Header is not null && record.Partition < columnsOf && record.Streams.Any(i => job.Streams[i].Role == StreamRole.Exposure))
                (columnsOf, result.Columns) = (record.Partition, record.Header);
            long? watermark = newest.TryGetValue(record.Partition, out long before) ? before - outOfOrderness : null;
            foreach (int index in record.Streams)
            {
                StreamLedger ledger = result.Streams[index];
                ledger.Records++;
                (EventOutcome outcome, long? time, ReferenceEvent? found) =
                    RecordChecks.Check(record, index, job.Streams[index], job.MaxRecordBytes, job.Time.MaxFuture);
                if (time is { } accepted && (!newest.TryGetValue(record.Partition, out long most) || accepted > most))
                    newest[record.Partition] = accepted;
                if (outcome == EventOutcome.Filtered) ledger.Filtered++;
                if (outcome < EventOutcome.Filtered) ledger.Reject(outcome);
                if (found is null) continue;
                ledger.Events++;
                if (found.Time < watermark) ledger.Late++;
                else if (found.Time < record.Floor) ledger.LateIdle++;
                else yield return found;
            }
        }
        if (job.Output.Format == SampleFormat.Csv) result.CsvHeader = SampleText.CsvHeader(job, result.Columns);
    }

    /// <summary>Event time; key bytes; exposures before actions; streams' order; event id; payload bytes.</summary>
    private static int Compare(JobOptions job, ReferenceEvent left, ReferenceEvent right)
    {
        int order = left.Time.CompareTo(right.Time);
        if (order == 0) order = string.CompareOrdinal(left.KeyBytes, right.KeyBytes);
        if (order == 0) order = job.Streams[left.Stream].Role.CompareTo(job.Streams[right.Stream].Role);
        if (order == 0) order = left.Stream.CompareTo(right.Stream);
        if (order == 0) order = string.CompareOrdinal(left.Id, right.Id);
        if (order == 0) order = left.Bytes.AsSpan().SequenceCompareTo(right.Bytes);
        return order;
    }

    private static bool AreDuplicates(ReferenceEvent first, ReferenceEvent next) =>
        first.Stream == next.Stream && first.KeyBytes == next.KeyBytes && first.Time == next.Time && first.Id == next.Id
        && (next.Id.Length > 0 || first.Bytes.AsSpan().SequenceEqual(next.Bytes));

    /// <summary>Cuts the events of each key, in the total order, into windows and makes the samples.</summary>
    private sealed class WindowCutter(JobOptions job, ReferenceResult result)
    {
        private readonly long _length = (long)job.Window.Length.TotalMilliseconds;
        private readonly Dictionary<string, ReferenceWindow> _open = [];

        public void Apply(ReferenceEvent next)
        {
            if (_open.TryGetValue(next.KeyBytes, out ReferenceWindow? window) && next.Time >= window.Start + _length)
            {
                _open.Remove(next.KeyBytes);
                Close(window);
                window = null;
            }
            bool isExposure = job.Streams[next.Stream].Role == StreamRole.Exposure;
            if (window is null && (isExposure || job.Window.Anchor == WindowAnchor.First))
                _open[next.KeyBytes] = window = new ReferenceWindow(next.Time, next.Time + _length, job.Streams.Count);
            if (window is null) result.Streams[next.Stream].Orphaned++;
            else window.Add(next, isExposure);
        }

        public void CloseUpTo(long watermark)
        {
            foreach ((string key, ReferenceWindow window) in _open)
            {
                _open.Remove(key);
                if (window.End <= watermark) Close(window);
                else for (int stream = 0; stream < window.Counts.Length; stream++) result.Streams[stream].Open += window.Counts[stream];
            }
        }

        private void Close(ReferenceWindow window)
        {
            ReferenceSample? sample = window.FirstExposure is null ? null : SampleText.Write(job, window, result.Columns);
            for (int stream = 0; stream < window.Counts.Length; stream++)
            {
                StreamLedger ledger = result.Streams[stream];
                if (window.FirstExposure is null) ledger.Orphaned += window.Counts[stream];
                else if (sample is null) ledger.Invalid += window.Counts[stream];
                else ledger.Joined += window.Counts[stream];
            }
            if (sample is null) return;
            result.Samples.Add(sample);
            if (sample.Label == 1) result.Positives++;
        }
    }
}

/// <summary>One window of one key.</summary>
internal sealed class ReferenceWindow(long start, long end, int streams)
{
    public long Start { get; } = start;

    public long End { get; } = end;

    /// <summary>The first exposure in the total order: the sample's payload.</summary>
    public ReferenceEvent? FirstExposure { get; private set; }

    /// <summary>Events by stream.</summary>
    public long[] Counts { get; } = new long[streams];

    /// <summary>From the start to the first event, ms, by stream; meaningful where there is one.</summary>
    public long[] FirstDelays { get; } = new long[streams];

    public void Add(ReferenceEvent next, bool isExposure)
    {
        if (isExposure) FirstExposure ??= next;
        if (Counts[next.Stream]++ == 0) FirstDelays[next.Stream] = next.Time - Start;
    }
}
