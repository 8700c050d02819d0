using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Threading.Tasks.Dataflow;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Sources;

/// <summary>What a source handed over, as text that a test can compare; it stands in for the blocks behind it.</summary>
internal sealed class SourceIntake
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly ConcurrentQueue<string> _seen = [];

    /// <param name="capacity">Batches held before the source has to wait.</param>
    /// <param name="taken">Told of each batch before it goes back to its pool.</param>
    public SourceIntake(int capacity = 4, Func<RecordBatch, Task>? taken = null) => Block = new ActionBlock<RecordBatch>(
        async batch =>
        {
            if (taken is not null) await taken(batch);
            Note(batch);
            batch.Release();
        },
        new ExecutionDataflowBlockOptions { BoundedCapacity = capacity });

    /// <summary>Where the source sends to.</summary>
    public ActionBlock<RecordBatch> Block { get; }

    /// <summary>Records as <c>offset:text</c> and notices as <c>name:notice@position after</c>, in order.</summary>
    public IReadOnlyList<string> Seen => [.. _seen];

    /// <summary>The records alone.</summary>
    public IReadOnlyList<string> Records => [.. _seen.Where(static line => line[0] != '#')];

    /// <summary>The notices alone, without the sign in front of them.</summary>
    public IReadOnlyList<string> Notices => [.. _seen.Where(static line => line[0] == '#').Select(static line => line[1..])];

    /// <summary>Waits until everything that was sent is noted.</summary>
    public async Task CompleteAsync()
    {
        Block.Complete();
        await Block.Completion.WaitAsync(Limit);
    }

    /// <summary>Waits for a condition, with the clock running on meanwhile.</summary>
    public async Task UntilAsync(Func<SourceIntake, bool> holds, FakeTimeProvider? clock = null, Task? run = null)
    {
        long begun = Stopwatch.GetTimestamp();
        while (!holds(this))
        {
            if (run is { IsFaulted: true }) await run;
            if (Stopwatch.GetElapsedTime(begun) > Limit) Assert.Fail($"Waited {Limit} in vain; seen: {string.Join(", ", _seen)}");
            clock?.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Delay(1);
        }
    }

    private void Note(RecordBatch batch)
    {
        // As the partition block does; a source reads one batch ahead until it has seen this move.
        batch.Partition!.Position = batch.PositionAfter;
        for (int i = 0; i < batch.RecordCount; i++)
        {
            RawRecord record = batch.Records[i];
            string text = record.Length switch
            {
                RawRecord.NullValue => "<null>",
                RawRecord.Oversized => "<oversized>",
                _ => Encoding.UTF8.GetString(batch.Bytes, record.Start, record.Length),
            };
            _seen.Enqueue($"{record.Offset}:{text}");
        }
        if (batch.Notice != PartitionNotice.None) _seen.Enqueue($"#{Path.GetFileName(batch.Partition!.Source)}-{batch.Partition.Number}:{batch.Notice}@{batch.PositionAfter}");
    }
}
