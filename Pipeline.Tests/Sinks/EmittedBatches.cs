using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Tests.Sinks;

/// <summary>Batches of samples that know their place: the sample <c>group:number</c> is the number-th of its key group.</summary>
internal static class EmittedBatches
{
    public static OutputBatch Of(params (int Group, int Number)[] samples) => Of(null, samples);

    public static OutputBatch Of(Action<OutputBatch>? released, params (int Group, int Number)[] samples)
    {
        OutputBatch batch = OutputBatches.Of(0, samples.Select(static sample => ($"key-{sample.Group}", $"{sample.Group}:{sample.Number}")), released);
        foreach ((int group, int number) in samples)
        {
            batch.Note(PointOf(group, number));
            batch.Watermark = Math.Max(batch.Watermark, number);
        }
        return batch;
    }

    public static EmissionPoint PointOf(int group, int number) => new(number, new KeyHash(7, (ulong)group), number - 100, 0);

    /// <summary>Progress of a start that emitted nothing.</summary>
    public static Progress Start(string owner) => new()
    {
        Contract = 1,
        SettingsHash = "settings",
        Owner = owner,
        Origin = $"origin of {owner}",
        Starts = [new StartPosition("exposures", 0, 17, SourcePartition.NoEnd, "topic-id"), new StartPosition("clicks", 3, 0, 99, "")],
    };
}
