namespace Pipeline.Blocks.Formatting;

/// <summary>What became of the events in closed windows, by rank (0 the exposure stream, then the action streams).</summary>
/// <remarks>Threading: workers add whole batches under its lock; reports read it the same way.</remarks>
/// <param name="ranks">1 + number of action streams.</param>
/// <param name="rules">Number of validation rules.</param>
public sealed class FormatLedger(int ranks, int rules)
{
    private readonly Lock _gate = new();
    private readonly long[] _joined = new long[ranks];
    private readonly long[] _invalid = new long[ranks];
    private readonly long[] _invalidByRule = new long[rules];
    private long _samples;
    private long _positives;

    /// <summary>Adds what formatting one batch found.</summary>
    public void Add(in FormatResult result)
    {
        lock (_gate)
        {
            _joined[0] += result.JoinedExposures;
            _invalid[0] += result.InvalidExposures;
            for (int action = 0; action < _joined.Length - 1; action++)
            {
                _joined[action + 1] += result.JoinedActions[action];
                _invalid[action + 1] += result.InvalidActions[action];
            }
            for (int rule = 0; rule < _invalidByRule.Length; rule++) _invalidByRule[rule] += result.InvalidByRule[rule];
            _samples += result.Samples;
            _positives += result.Positives;
        }
    }

    /// <summary>The totals so far.</summary>
    public (long[] Joined, long[] Invalid, long[] InvalidByRule, long Samples, long Positives) Read()
    {
        lock (_gate) return ([.. _joined], [.. _invalid], [.. _invalidByRule], _samples, _positives);
    }
}
