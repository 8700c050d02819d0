namespace Pipeline.Blocks.Formatting;

/// <summary>What became of the events in closed windows, by rank (0 the exposure stream, then the action streams).</summary>
/// <remarks>
/// Counts are kept apart by the barrier that each batch came behind, for workers run ahead of each other: what lies before a cut is known when the barrier has
/// passed the sinks. Threading: workers add whole batches under its lock; reports read it the same way.
/// </remarks>
/// <param name="ranks">1 + number of action streams.</param>
/// <param name="rules">Number of validation rules.</param>
public sealed class FormatLedger(int ranks, int rules)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, FormatCounts> _behind = [];
    private FormatCounts _base = new(ranks, rules);

    /// <summary>Adds what formatting one batch found.</summary>
    /// <param name="result">Of the batch.</param>
    /// <param name="barrier">The last barrier before it; 0 for none.</param>
    public void Add(in FormatResult result, long barrier)
    {
        lock (_gate)
        {
            if (!_behind.TryGetValue(barrier, out FormatCounts? counts)) _behind.Add(barrier, counts = new FormatCounts(ranks, rules));
            counts.Add(result);
        }
    }

    /// <summary>The totals so far; the caller's own.</summary>
    public FormatCounts Read()
    {
        lock (_gate)
        {
            var sum = new FormatCounts(ranks, rules);
            sum.Add(_base);
            foreach (FormatCounts counts in _behind.Values) sum.Add(counts);
            return sum;
        }
    }

    /// <summary>The totals of everything before a barrier that has passed the sinks; the caller's own.</summary>
    public FormatCounts UpTo(long barrier)
    {
        lock (_gate)
        {
            while (_behind.Count > 0 && _behind.First() is var first && first.Key < barrier)
            {
                _base.Add(first.Value);
                _behind.Remove(first.Key);
            }
            var copy = new FormatCounts(ranks, rules);
            copy.Add(_base);
            return copy;
        }
    }

    /// <summary>Goes on from a checkpoint's counts.</summary>
    public void Restore(FormatCounts counts)
    {
        lock (_gate)
        {
            _base = new FormatCounts(ranks, rules);
            _base.Add(counts);
        }
    }
}

/// <summary>Counts of closed windows' events and of samples.</summary>
/// <remarks>Threading: its owner's.</remarks>
/// <param name="ranks">1 + number of action streams.</param>
/// <param name="rules">Number of validation rules; what another number of rules found is added up in the last.</param>
public sealed class FormatCounts(int ranks, int rules)
{
    /// <summary>Events that are part of a valid sample, by rank.</summary>
    public readonly long[] Joined = new long[ranks];

    /// <summary>Events of invalid samples, by rank.</summary>
    public readonly long[] Invalid = new long[ranks];

    /// <summary>Invalid samples, by rule.</summary>
    public readonly long[] InvalidByRule = new long[rules];

    /// <summary>Valid samples.</summary>
    public long Samples;

    /// <summary>Valid samples with label 1.</summary>
    public long Positives;

    /// <summary>Adds a batch's.</summary>
    public void Add(in FormatResult result)
    {
        Joined[0] += result.JoinedExposures;
        Invalid[0] += result.InvalidExposures;
        for (int action = 0; action < Joined.Length - 1; action++)
        {
            Joined[action + 1] += result.JoinedActions[action];
            Invalid[action + 1] += result.InvalidActions[action];
        }
        for (int rule = 0; rule < InvalidByRule.Length; rule++) InvalidByRule[rule] += result.InvalidByRule[rule];
        Samples += result.Samples;
        Positives += result.Positives;
    }

    /// <summary>Adds others.</summary>
    public void Add(FormatCounts other)
    {
        for (int rank = 0; rank < Joined.Length; rank++)
        {
            Joined[rank] += other.Joined[rank];
            Invalid[rank] += other.Invalid[rank];
        }
        if (InvalidByRule.Length > 0)
            for (int rule = 0; rule < other.InvalidByRule.Length; rule++) InvalidByRule[Math.Min(rule, InvalidByRule.Length - 1)] += other.InvalidByRule[rule];
        Samples += other.Samples;
        Positives += other.Positives;
    }
}
