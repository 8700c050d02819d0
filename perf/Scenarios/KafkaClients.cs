using System.Diagnostics;
using System.Globalization;
using System.Threading.Tasks.Dataflow;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;
using Pipeline.Blocks.Sources;
using Pipeline.Perf.Harness;

namespace Pipeline.Perf.Scenarios;

/// <summary>What the Kafka clients cost a record, of all their threads, in batches and record by record in turn; nothing else runs in the process.</summary>
internal static class KafkaClients
{
    private const string Records = "perf-client-records";
    private const string Samples = "perf-client-samples";
    private const int Partitions = 4;
    private const int RecordsPerBatch = 512;

    public static async Task<int> RunAsync(string bootstrap, long records, int runs, int keyBytes = 16, int valueBytes = 247)
    {
        records -= records % RecordsPerBatch;
        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        await RenewAsync(admin, Records);
        OutputBatch[] batches = [.. Enumerable.Range(0, 64).Select(seed => Batch(new Random(seed), keyBytes, valueBytes))];
        await ProduceAsync(bootstrap, Records, batches, records, recordByRecord: false, transactional: false);
        Console.WriteLine(Machine.Line);
        Console.WriteLine($"{"client",-34}{"records/s",12}{"CPU µs/record",16}{"B/record",10}{"load",8}");
        for (int run = 0; run <= runs; run++)
            foreach (bool recordByRecord in new[] { true, false })
            {
                string way = recordByRecord ? "record by record" : "batches";
                Report(run, $"consume, {way}", records, await MeasureAsync(() => ConsumeAsync(bootstrap, records, recordByRecord)));
                foreach (bool transactional in new[] { false, true })
                {
                    await RenewAsync(admin, Samples);
                    Report(run, $"{(transactional ? "produce in transactions" : "produce")}, {way}", records,
                        await MeasureAsync(() => ProduceAsync(bootstrap, Samples, batches, records, recordByRecord, transactional)));
                }
            }
        await admin.DeleteTopicsAsync([Records, Samples]);
        return 0;
    }

    private static async Task<(double Seconds, double Cpu, long Allocated)> MeasureAsync(Func<Task> work)
    {
        GC.Collect();
        long allocated = GC.GetTotalAllocatedBytes(precise: true), began = Stopwatch.GetTimestamp();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        await work();
        return (Stopwatch.GetElapsedTime(began).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }

    /// <summary>The first run is warm-up.</summary>
    private static void Report(int run, string name, long records, (double Seconds, double Cpu, long Allocated) spent)
    {
        if (run == 0) return;
        string load = OperatingSystem.IsLinux() ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-34}{records / spent.Seconds,12:N0}{spent.Cpu * 1e6 / records,16:F3}{(double)spent.Allocated / records,10:F2}{load,8}"));
    }

    private static async Task ConsumeAsync(string bootstrap, long records, bool recordByRecord)
    {
        var directory = new PartitionDirectory();
        var context = new SourceContext
        {
            Directory = directory,
            Pool = new RecordBatchPool(),
            Gate = new ReadGate(directory, ReadGate.NoDriftControl),
            Clock = TimeProvider.System,
            Streams = [0],
            UntilEnd = true,
            Group = "perf",
        };
        using var source = new KafkaSource(new KafkaSourceOptions { Bootstrap = bootstrap, Topics = [Records] }, context) { RecordByRecord = recordByRecord };
        long seen = 0;
        var intake = new ActionBlock<RecordBatch>(
            batch =>
            {
                seen += batch.RecordCount;
                // As the partition block does: the source looks at both.
                batch.Partition!.MaxEventTime = batch.Partition.Position = batch.PositionAfter;
                batch.Release();
            },
            new ExecutionDataflowBlockOptions { BoundedCapacity = 8 });
        await source.OpenAsync(CancellationToken.None);
        await source.RunAsync(intake, CancellationToken.None);
        intake.Complete();
        await intake.Completion;
        if (seen != records) throw new InvalidOperationException($"Expected {records} records, found {seen}");
    }

    private static async Task ProduceAsync(string bootstrap, string topic, OutputBatch[] batches, long records, bool recordByRecord, bool transactional)
    {
        var options = new KafkaSinkOptions { Bootstrap = bootstrap, Topic = topic };
        var settings = new SampleSinkSettings { Clock = TimeProvider.System, Lanes = 1, Job = "perf" };
        if (transactional)
        {
            await ProduceInTransactionsAsync(options, settings, batches, records, recordByRecord);
            return;
        }
        using ISampleProducer producer = recordByRecord ? new RecordProducer(options, settings) : new BatchProducer(options, settings);
        for (long done = 0; done < records / RecordsPerBatch; done++)
        {
            OutputBatch batch = batches[done % batches.Length];
            // With partitions known before the rest comes, as they are but for the first moment of a run.
            if (done == 1) while (!producer.Flush(TimeSpan.FromMilliseconds(100))) producer.ThrowIfFailed();
            for (int next = producer.Produce(batch, 0); next < batch.Count; next = producer.Produce(batch, next)) await Task.Delay(10);
        }
        while (!producer.Flush(TimeSpan.FromMilliseconds(100))) producer.ThrowIfFailed();
        producer.ThrowIfFailed();
    }

    private static async Task ProduceInTransactionsAsync(KafkaSinkOptions options, SampleSinkSettings settings, OutputBatch[] batches, long records, bool recordByRecord)
    {
        using var producer = new KafkaTransactionalProducer(options, settings, new SinkOutage("", settings), recordByRecord);
        producer.Init();
        producer.Begin();
        for (long done = 0; done < records / RecordsPerBatch; done++)
        {
            OutputBatch batch = batches[done % batches.Length];
            for (int next = producer.Produce(batch, 0); next < batch.Count; next = producer.Produce(batch, next)) await Task.Delay(10);
            if (done % 200 != 199) continue;
            producer.Commit();
            producer.Begin();
        }
        producer.Commit();
    }

    /// <summary>Values like JSON lines: a part repeats, a part does not.</summary>
    private static OutputBatch Batch(Random random, int keyBytes, int valueBytes)
    {
        const string Digits = "0123456789abcdef";
        var batch = new OutputBatch();
        for (int i = 0; i < RecordsPerBatch; i++)
        {
            int start = batch.BytesUsed;
            Span<byte> room = batch.Room(keyBytes + valueBytes)[..(keyBytes + valueBytes)];
            room.Fill((byte)'x');
            for (int at = 0; at < keyBytes + (valueBytes / 3); at++) room[at] = (byte)Digits[random.Next(16)];
            batch.BytesUsed += room.Length;
            batch.Add(new OutputRecord(start, keyBytes, start + keyBytes, valueBytes));
        }
        return batch;
    }

    private static async Task RenewAsync(IAdminClient admin, string topic)
    {
        await KafkaToKafka.DropAsync(admin, topic);
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = Partitions, ReplicationFactor = 1 }]);
    }
}
