using Pipeline.Blocks.Records;

namespace Pipeline.Configuration.Sections;

/// <summary>Tells equal sources: records compare lists by reference, and two streams of one source write it down twice.</summary>
internal static class SourceEquality
{
    /// <summary>Whether both read the same, in the same way.</summary>
    public static bool AreEqual(SourceOptions left, SourceOptions right) => (left, right) switch
    {
        (KafkaSourceOptions a, KafkaSourceOptions b) =>
            SameHosts(a.Bootstrap, b.Bootstrap) && SameSet(a.Topics, b.Topics) && a.Start == b.Start
            && a.Properties.Count == b.Properties.Count && !a.Properties.Except(b.Properties).Any(),
        (FileSourceOptions a, FileSourceOptions b) => SameSet(a.Paths, b.Paths),
        _ => false,
    };

    /// <summary>Whether two bootstrap lists name the same hosts.</summary>
    private static bool SameHosts(string left, string right) => SameSet(left.Split(','), right.Split(','));

    private static bool SameSet(IReadOnlyCollection<string> left, IReadOnlyCollection<string> right) =>
        left.Count == right.Count && !left.Except(right).Any();
}
