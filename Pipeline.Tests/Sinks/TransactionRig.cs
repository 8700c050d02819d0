using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Sinks;

/// <summary>A writer on the model of a broker, by a clock that its pauses advance; it numbers the samples of each key group.</summary>
internal sealed class TransactionRig : IDisposable
{
    private readonly Dictionary<int, int> _written = [];

    public TransactionRig(Func<TransactionCall, TransactionFailure?> script, TimeSpan? limit = null)
    {
        Settings = new SampleSinkSettings { Clock = Clock, Lanes = 1, UnavailableLimit = limit ?? Timeout.InfiniteTimeSpan, Log = Log };
        Model = new TransactionModel(script);
        Writer = new TransactionWriter("Topic samples", new SinkOutage("Topic samples", Settings), Model.Connect, Model, (time, _) => Clock.Advance(time));
    }

    public FakeTimeProvider Clock { get; } = new();

    public MessageList Log { get; } = new();

    public SampleSinkSettings Settings { get; }

    public TransactionModel Model { get; }

    public TransactionWriter Writer { get; }

    /// <summary>How often each batch was released.</summary>
    public List<int> Releases { get; } = [];

    public void Start()
    {
        Writer.Connect(TimeSpan.FromMinutes(1), default);
        Progress? found = Model.Read();
        Writer.Begin(found, found is null ? EmittedBatches.Start("me") : found with { Owner = "me" });
    }

    /// <summary>Writes the next sample of each group, in one batch.</summary>
    public void Write(params int[] groups)
    {
        int number = Releases.Count;
        Releases.Add(0);
        Writer.Write(EmittedBatches.Of(_ => Releases[number]++, [.. groups.Select(group => (group, _written[group] = _written.GetValueOrDefault(group) + 1))]));
    }

    /// <summary>Each sample is committed once, in order within its group, with the progress that says so; and every batch was given back.</summary>
    public void AssertCommittedOnce()
    {
        string expected = string.Join(' ', _written.OrderBy(static group => group.Key).SelectMany(static group => Enumerable.Range(1, group.Value).Select(number => $"{group.Key}:{number}")));
        string found = string.Join(' ', Model.Samples.Select(static sample => sample.Split(':')).GroupBy(static sample => int.Parse(sample[0])).OrderBy(static group => group.Key).SelectMany(static group => group.Select(static sample => $"{sample[0]}:{sample[1]}")));
        Equal(expected, found);
        Progress progress = Model.Read()!;
        for (int group = 0; group < KeyHash.GroupCount; group++)
            Equal(_written.TryGetValue(group, out int last) ? EmittedBatches.PointOf(group, last) : EmissionPoint.None, progress.Points[group]);
        Equal(Writer.Committed!.Commits, progress.Commits);
        Equal("me", progress.Owner);
        Equal(true, Releases.TrueForAll(static times => times == 1));
    }

    public void Dispose() => Writer.Dispose();

    private static void Equal<T>(T expected, T found)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, found)) throw new InvalidOperationException($"expected {expected}, found {found}");
    }
}
