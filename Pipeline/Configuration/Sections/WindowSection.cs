using Pipeline.Blocks.Joining;

namespace Pipeline.Configuration.Sections;

/// <summary>Reads <c>window</c>.</summary>
internal static class WindowSection
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    /// <summary>Reads it.</summary>
    public static WindowOptions Read(SectionReader job)
    {
        var defaults = new WindowOptions();
        SectionReader window = job.Section("window");
        var options = new WindowOptions
        {
            Length = window.Duration("length", defaults.Length, Shortest, TimeSpan.FromDays(49)),
            Anchor = window.Choice("anchor", Choices.Anchor, defaults.Anchor),
        };
        window.Close();
        return options;
    }
}
