using System.Globalization;
using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Telemetry;
using Pipeline.Hosting;

namespace Pipeline.Metrics;

/// <summary>Reads the ledger, windows, samples and commits.</summary>
internal static class FlowReadings
{
    /// <summary>Reads them.</summary>
    public static void Read(RunView run, JobSummary summary, MetricReadings into)
    {
        into.Add(MetricCatalogue.SourceRecords, summary.SourceRecords);
        foreach ((string name, StreamSummary stream) in summary.Streams) ReadStream(name, stream, into);
        into.Add(MetricCatalogue.JoinRate, summary.JoinRate);
        into.Add(MetricCatalogue.Deterministic, summary.Deterministic ? 1 : 0);
        into.Add(MetricCatalogue.Samples, summary.Samples);
        into.Add(MetricCatalogue.Positives, summary.Positives);
        into.Add(MetricCatalogue.PositiveRate, summary.Samples == 0 ? 0 : summary.Positives / (double)summary.Samples);
        ReadRules(run.Topology.Format.Ledger.Read(), into);
        ReadWindows(run, into);
        ReadSink(run.Sink, into);
    }

    private static void ReadStream(string name, StreamSummary stream, MetricReadings into)
    {
        into.Add(MetricCatalogue.StreamRecords, stream.Records, name);
        into.Add(MetricCatalogue.StreamEvents, stream.Events, name);
        foreach ((string reason, long count) in stream.Rejected) into.Add(MetricCatalogue.StreamRejected, count, name, reason);
        into.Add(MetricCatalogue.StreamFiltered, stream.Filtered, name);
        foreach ((string reason, long count) in stream.Late) into.Add(MetricCatalogue.StreamLate, count, name, reason);
        into.Add(MetricCatalogue.StreamDuplicate, stream.Duplicate, name);
        into.Add(MetricCatalogue.StreamJoined, stream.Joined, name);
        into.Add(MetricCatalogue.StreamOrphaned, stream.Orphaned, name);
        into.Add(MetricCatalogue.StreamOpen, stream.Open, name);
        into.Add(MetricCatalogue.StreamUnaccounted, stream.Unaccounted, name);
        into.Add(MetricCatalogue.StreamInvalid, stream.Invalid, name);
    }

    private static void ReadRules(FormatCounts formatted, MetricReadings into)
    {
        for (int rule = 0; rule < formatted.InvalidByRule.Length; rule++)
            into.Add(MetricCatalogue.SamplesInvalid, formatted.InvalidByRule[rule], rule.ToString(CultureInfo.InvariantCulture));
        if (formatted.InvalidByRule.Length == 0) into.Add(MetricCatalogue.SamplesInvalid, 0, "-");
    }

    private static void ReadWindows(RunView run, MetricReadings into)
    {
        foreach (LaneBlock lane in run.Topology.Lanes)
        {
            LaneLedger ledger = lane.State.Ledger;
            long closed = Volatile.Read(ref ledger.WindowsClosed), opened = Volatile.Read(ref ledger.WindowsOpened);
            into.Add(MetricCatalogue.WindowsOpened, opened, lane.State.Lane);
            into.Add(MetricCatalogue.WindowsClosed, closed, lane.State.Lane);
            into.Add(MetricCatalogue.WindowsOpen, opened - closed, lane.State.Lane);
            long waiting = 0;
            foreach (long count in lane.State.Reorder.Waiting) waiting += count;
            foreach (SaltBlock salt in run.Topology.SaltsOf(lane.State.Lane))
                foreach (long count in salt.State.Reorder.Waiting) waiting += count;
            into.Add(MetricCatalogue.EventsWaiting, waiting, lane.State.Lane);
        }
    }

    private static void ReadSink(SinkTelemetry sink, MetricReadings into)
    {
        into.Add(MetricCatalogue.Commits, sink.Commits);
        into.Add(MetricCatalogue.CommitAborts, sink.Aborts);
        into.Add(MetricCatalogue.CommitFenced, sink.Fenced);
        into.Add(MetricCatalogue.CommitAge, sink.SinceCommit.TotalSeconds);
        into.Add(MetricCatalogue.CommitDuration, sink.CommitTime.Read());
        foreach (AgeStage stage in Enum.GetValues<AgeStage>())
            into.Add(MetricCatalogue.SampleAge, sink.Ages[stage].Read(), stage.ToString().ToLowerInvariant());
        into.Add(MetricCatalogue.SampleApdex, sink.Ages.Apdex.Read());
    }
}
