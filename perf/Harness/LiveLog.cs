using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Generation;

namespace Pipeline.Perf.Harness;

/// <summary>Writes a synthetic log to the topics <c>exposure</c> and <c>click</c> as it happens: an event is sent when the clock has come to its arrival.</summary>
/// <remarks>
/// Sent in batches with a linger of 5 ms, so that the producer takes little of the machine that the program is measured on. What it is behind its own clock counts as the program's
/// in any age, so it is told: <see cref="MostBehind"/>. Threading: one thread of its own for <see cref="RunAsync"/>.
/// </remarks>
internal sealed class LiveLog(string bootstrap, SyntheticLogOptions options, TimeProvider clock)
{
    private const int BatchRecords = 256;
    private readonly ISampleProducer[] _producers = [Producer(bootstrap, "exposure", clock), Producer(bootstrap, "click", clock)];
    private readonly OutputBatch[] _batches = [new OutputBatch(), new OutputBatch()];
    private readonly SyntheticLog _log = new(options);
    private long _records;
    private long _mostBehind;

    /// <summary>Records sent so far.</summary>
    public long Records => Volatile.Read(ref _records);

    /// <summary>Most that a record was sent later than it should have been, ms, since it was last asked.</summary>
    public long MostBehind => Interlocked.Exchange(ref _mostBehind, 0);

    /// <summary>Sends until it is told to stop.</summary>
    public Task RunAsync(CancellationToken stop) =>
        Task.Factory.StartNew(() => Run(stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested && _log.MoveNext())
            {
                long now = Now;
                if (_log.Arrival > now)
                {
                    SendBoth();
                    while (_log.Arrival > Now && !stop.WaitHandle.WaitOne(1)) { }
                }
                else if (now - _log.Arrival > Volatile.Read(ref _mostBehind)) Volatile.Write(ref _mostBehind, now - _log.Arrival);
                Add(_log.IsExposure ? 0 : 1);
            }
            SendBoth();
            foreach (ISampleProducer producer in _producers)
                while (!producer.Flush(TimeSpan.FromMilliseconds(100))) producer.ThrowIfFailed();
        }
        finally
        {
            foreach (ISampleProducer producer in _producers) producer.Dispose();
        }
    }

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private void Add(int topic)
    {
        OutputBatch batch = _batches[topic];
        ReadOnlySpan<byte> key = _log.Key, line = _log.Line;
        Span<byte> room = batch.Room(key.Length + line.Length);
        key.CopyTo(room);
        line.CopyTo(room[key.Length..]);
        batch.Add(new OutputRecord(batch.BytesUsed, key.Length, batch.BytesUsed + key.Length, line.Length));
        batch.BytesUsed += key.Length + line.Length;
        if (batch.Count == BatchRecords) Send(topic);
    }

    private void SendBoth()
    {
        Send(0);
        Send(1);
    }

    private void Send(int topic)
    {
        OutputBatch batch = _batches[topic];
        for (int next = 0; next < batch.Count;)
        {
            next = _producers[topic].Produce(batch, next);
            if (next < batch.Count) _producers[topic].Flush(TimeSpan.FromMilliseconds(1));
        }
        Volatile.Write(ref _records, _records + batch.Count);
        batch.Clear();
    }

    private static BatchProducer Producer(string bootstrap, string topic, TimeProvider clock) => new(
        new KafkaSinkOptions { Bootstrap = bootstrap, Topic = topic, Properties = new Dictionary<string, string> { ["linger.ms"] = "5" } },
        new SampleSinkSettings { Clock = clock, Lanes = 1, Job = "perf" });
}
