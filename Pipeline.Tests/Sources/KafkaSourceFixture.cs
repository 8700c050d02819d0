using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;
using Pipeline.Tests.Fakes;
using Pipeline.Tests.Kafka;

namespace Pipeline.Tests.Sources;

/// <summary>A source over topics of a real broker, running or read to its end.</summary>
internal sealed class KafkaSourceFixture(KafkaServer server, bool recordByRecord) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(KafkaSource Source, Task Run)> _running = [];

    public PartitionDirectory Directories { get; } = new();

    public MessageList Log { get; } = new();

    public string Group { get; } = $"group-{Guid.NewGuid():N}";

    public KafkaSourceOptions Options(params string[] topics) => new() { Bootstrap = server.Bootstrap, Topics = topics };

    public SourceContext Context(bool untilEnd) => new()
    {
        Directory = Directories,
        Pool = new RecordBatchPool(),
        Gate = new ReadGate(Directories, 60_000),
        Clock = TimeProvider.System,
        Streams = [0],
        UntilEnd = untilEnd,
        Group = Group,
        Log = Log,
    };

    /// <summary>A source through the reader that is tested.</summary>
    public KafkaSource Source(KafkaSourceOptions options, SourceContext context, TimeSpan? refreshInterval = null) =>
        new(options, context) { RecordByRecord = recordByRecord, RefreshInterval = refreshInterval ?? TimeSpan.FromSeconds(30) };

    /// <summary>Reads topics to their end and returns what came.</summary>
    public async Task<SourceIntake> ReadAsync(KafkaSourceOptions options, SourceContext context)
    {
        var intake = new SourceIntake();
        using KafkaSource source = Source(options, context);
        await source.OpenAsync(CancellationToken.None);
        await source.RunAsync(intake.Block, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
        await intake.CompleteAsync();
        return intake;
    }

    /// <summary>Starts a source that runs until the fixture is disposed of.</summary>
    public async Task<KafkaSource> StartAsync(KafkaSource source, SourceIntake intake)
    {
        await source.OpenAsync(CancellationToken.None);
        _running.Add((source, source.RunAsync(intake.Block, _stop.Token)));
        return source;
    }

    public Task Run => Task.WhenAll(_running.Select(static running => running.Run));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach ((KafkaSource source, Task run) in _running)
        {
            await run.WaitAsync(TimeSpan.FromSeconds(30));
            source.Dispose();
        }
        _stop.Dispose();
    }
}
