using Pipeline.Blocks.Records;
using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sinks;

/// <summary>
/// Produces samples to a Kafka topic exactly once: in short transactions that carry the progress to <c>JOB.progress</c>, so that a reader of committed data sees each
/// sample once, and a start knows which.
/// </summary>
/// <remarks>
/// The transactional id is the job: <see cref="OpenAsync"/> fences an older instance, and <see cref="BeginAsync"/> says who took over. Partitions as <see cref="KafkaSink"/>.
/// Brokers that are away delay commits, and with a full queue the flow, up to <c>unavailable_limit</c>. Threading: one call at a time; a thread of its own does the work.
/// Errors: <see cref="SinkFencedException"/>, <see cref="SinkUnavailableException"/>, <see cref="SinkRefusedException"/> and <see cref="DeliveryFailedException"/>, at the
/// call that it concerns or at the next, and by <see cref="Completion"/>; then the sink is to be disposed of.
/// </remarks>
public sealed class TransactionalSink : ISampleSink
{
    private static readonly TimeSpan QuestionPause = TimeSpan.FromMilliseconds(200);

    private readonly SampleSinkSettings _settings;
    private readonly IProgressReader _reader;
    private readonly Func<Task> _ensureTopics;
    private readonly TransactionWriter _writer;
    private readonly TransactionThread _thread;
    private readonly string _name;
    private Progress? _found;

    /// <summary>A sink on a topic.</summary>
    /// <exception cref="ArgumentException">The job has no name.</exception>
    public TransactionalSink(KafkaSinkOptions options, SampleSinkSettings settings)
        : this(options, settings, new KafkaProgressReader(options, settings), outage => new KafkaTransactionalProducer(options, settings, outage), () => KafkaTopics.EnsureWithProgressAsync(options, settings))
    {
    }

    /// <summary>A sink through other clients.</summary>
    internal TransactionalSink(
        KafkaSinkOptions options, SampleSinkSettings settings, IProgressReader reader, Func<SinkOutage, ITransactionalProducer> connect, Func<Task> ensureTopics)
    {
        ArgumentException.ThrowIfNullOrEmpty(settings.Job);
        (_settings, _reader, _ensureTopics) = (settings, reader, ensureTopics);
        _name = $"Topic {options.Topic} at {options.Bootstrap}, job {settings.Job}";
        var outage = new SinkOutage(_name, settings);
        _writer = new TransactionWriter(_name, outage, () => connect(outage), reader, Pause, settings.Telemetry);
        _thread = new TransactionThread(_writer, settings.Clock);
    }

    /// <inheritdoc/>
    public Progress? Committed => _writer.Committed;

    /// <inheritdoc/>
    public Task Completion => _thread.Completion;

    /// <inheritdoc/>
    public async Task<Progress?> ReadProgressAsync(CancellationToken stop)
    {
        long began = _settings.Clock.GetTimestamp();
        for (bool told = false; ; told = true)
        {
            try
            {
                return _found = await Task.Run(() => _reader.Read(stop), stop).ConfigureAwait(false);
            }
            catch (TransactionException failed) when (_settings.Clock.GetElapsedTime(began) < KafkaTopics.AnswerLimit)
            {
                if (!told) _settings.Log.AskedAgain(_name, failed.Message);
            }
            catch (TransactionException failed)
            {
                throw new SinkUnavailableException($"{_name}: {failed.Message}, for {KafkaTopics.AnswerLimit}", failed) { Broker = true };
            }
            await Task.Delay(QuestionPause, _settings.Clock, stop).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task OpenAsync(CancellationToken stop)
    {
        await _ensureTopics().WaitAsync(stop).ConfigureAwait(false);
        await _thread.RunAsync(() => _writer.Connect(KafkaTopics.AnswerLimit, _thread.Stopping)).WaitAsync(stop).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>Everything is written, fresh or not, so that nothing of an earlier progress is left.</remarks>
    public Task BeginAsync(Progress from, bool fresh, CancellationToken stop) => _thread.RunAsync(() => _writer.Begin(_found, from)).WaitAsync(stop);

    /// <inheritdoc/>
    public ValueTask WriteAsync(OutputBatch batch, CancellationToken stop) => _thread.WriteAsync(batch, stop);

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken stop) => _thread.FlushAsync().WaitAsync(stop);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _thread.DisposeAsync();

    private void Pause(TimeSpan time, CancellationToken stop) => Task.Delay(time, _settings.Clock, stop).GetAwaiter().GetResult();
}
