using Pipeline.Blocks.Formatting;
using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Configuration;

/// <summary>The words of one key that takes one of several.</summary>
/// <param name="all">Each word and what it means.</param>
internal sealed class Choice<T>(params (string Name, T Value)[] all) where T : struct, Enum
{
    /// <summary>The words.</summary>
    public IEnumerable<string> Names => all.Select(one => one.Name);

    /// <summary>The words in a sentence: <c>a, b or c</c>.</summary>
    public string Sentence => all.Length == 1 ? all[0].Name : $"{string.Join(", ", Names.SkipLast(1))} or {all[^1].Name}";

    /// <summary>What a word means.</summary>
    public bool TryFind(string name, out T value)
    {
        int at = Array.FindIndex(all, one => one.Name == name);
        value = at < 0 ? default : all[at].Value;
        return at >= 0;
    }

    /// <summary>The word of a value.</summary>
    public string NameOf(T value) => Array.Find(all, one => EqualityComparer<T>.Default.Equals(one.Value, value)).Name;
}

/// <summary>Every choice of the job file.</summary>
internal static class Choices
{
    public static readonly Choice<TimeMode> Time = new(("event", TimeMode.Event), ("processing", TimeMode.Processing));

    public static readonly Choice<WindowAnchor> Anchor = new(("exposure", WindowAnchor.Exposure), ("first", WindowAnchor.First));

    public static readonly Choice<StreamRole> Role = new(("exposure", StreamRole.Exposure), ("action", StreamRole.Action));

    public static readonly Choice<RecordFormat> Record = new(("json", RecordFormat.Json), ("csv", RecordFormat.Csv));

    public static readonly Choice<TimeUnit> Unit = new(
        ("s", TimeUnit.Seconds), ("ms", TimeUnit.Milliseconds), ("us", TimeUnit.Microseconds), ("iso8601", TimeUnit.Iso8601));

    public static readonly Choice<StartAt> Start = new(
        ("committed", StartAt.Committed), ("earliest", StartAt.Earliest), ("latest", StartAt.Latest));

    public static readonly Choice<SampleFormat> Sample = new(("json", SampleFormat.Json), ("csv", SampleFormat.Csv));

    public static readonly Choice<SkewMode> Skew = new(("auto", SkewMode.Auto), ("off", SkewMode.Off), ("force", SkewMode.Force));

    public static readonly Choice<DeliveryMode> Delivery = new(
        ("exactly-once", DeliveryMode.ExactlyOnce), ("at-least-once", DeliveryMode.AtLeastOnce));
}
