using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Tests.Sinks;

/// <summary>Samples with their places in the order of emission, and progress to begin with.</summary>
internal static class ProgressFixture
{
    /// <summary>Progress of a job that has emitted nothing.</summary>
    public static Progress Nothing(string owner) => new()
    {
        Contract = 1,
        SettingsHash = "5e77",
        Owner = owner,
        Origin = "the first start",
        Starts = [new StartPosition("logs/é \"a\".jsonl", 0, 0, SourcePartition.NoEnd, ""), new StartPosition("click", 7, 41, 99, "topic-id")],
    };

    /// <summary>The place of a key group's sample.</summary>
    public static EmissionPoint PointOf(int group, int ordinal) => new(1000 + ordinal, new KeyHash(ulong.MaxValue - 1, (7UL << 6) | (uint)group), ordinal, 0);

    /// <summary>A batch of samples, each of a group, with its place there.</summary>
    public static OutputBatch Batch(int lane, params IEnumerable<(int Group, int Ordinal, string Value)> samples) =>
        Batch(lane, samples, static sample => $"key of {sample}");

    /// <summary>The same without keys, as for a file: values lie together.</summary>
    public static OutputBatch Lines(int lane, params IEnumerable<(int Group, int Ordinal, string Value)> samples) => Batch(lane, samples, static _ => "");

    private static OutputBatch Batch(int lane, IEnumerable<(int Group, int Ordinal, string Value)> samples, Func<string, string> keyOf)
    {
        (int Group, int Ordinal, string Value)[] all = [.. samples];
        OutputBatch batch = OutputBatches.Of(lane, all.Select(sample => (keyOf(sample.Value), sample.Value)));
        foreach ((int group, int ordinal, _) in all) batch.Note(PointOf(group, ordinal));
        return batch;
    }

    /// <summary>Reads an output directory as a reader does that stops at the committed lengths: contents by file name.</summary>
    public static Dictionary<string, string> ReadCommitted(string directory)
    {
        var files = new Dictionary<string, string>();
        foreach ((string name, long length) in CommittedOutput.Read(Path.Combine(directory, CommittedOutput.FileName)).Lengths)
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(directory, name));
            files[name] = System.Text.Encoding.UTF8.GetString(bytes.AsSpan(0, checked((int)length)));
        }
        return files;
    }
}
