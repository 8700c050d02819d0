using System.Globalization;

namespace Pipeline.Configuration.Sections;

/// <summary>Checks names that a broker would refuse later.</summary>
internal static class KafkaNames
{
    /// <summary>Longest name of a topic (Kafka's <c>Topic.MAX_NAME_LENGTH</c>).</summary>
    public const int LongestTopic = 249;

    /// <summary>Whether a topic may be called this.</summary>
    public static bool IsTopic(string name) =>
        name is not ("" or "." or "..") && name.Length <= LongestTopic && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');

    /// <summary>Notes a mistake when a topic may not be called this.</summary>
    public static void CheckTopic(SectionReader reader, string key, string topic)
    {
        if (topic.Length > 0 && !IsTopic(topic)) reader.Fail(key, $"'{topic}' is no topic name; expected letters, digits, '.', '_' and '-', at most {LongestTopic}");
    }

    /// <summary>Reads <c>bootstrap</c>: hosts with ports, by commas.</summary>
    public static string ReadBootstrap(SectionReader kafka)
    {
        string bootstrap = kafka.RequiredText("bootstrap");
        if (bootstrap.Length > 0 && !bootstrap.Split(',').All(IsHost)) kafka.Fail("bootstrap", "expected host:port, or several by commas");
        return bootstrap;
    }

    private static bool IsHost(string host)
    {
        int colon = host.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0;
    }
}
