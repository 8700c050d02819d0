using Pipeline.Blocks.Joining;

namespace Pipeline.Configuration.Sections;

/// <summary>Reads <c>state</c>.</summary>
internal static class StateSection
{
    /// <summary>A replay after a damaged checkpoint needs the one before.</summary>
    private const int FewestCheckpoints = 2;

    private const int MostCheckpoints = 1000;

    private const long LeastMemory = 1L << 20;

    private const long MostMemory = 1L << 46;

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(1);

    /// <summary>Reads it.</summary>
    public static StateOptions Read(SectionReader job)
    {
        var defaults = new StateOptions { Dir = "" };
        SectionReader state = job.Section("state");
        var options = new StateOptions
        {
            Dir = state.RequiredPath("dir"),
            Memory = state.Size("memory", defaults.Memory, LeastMemory, MostMemory),
            CheckpointInterval = state.Duration("checkpoint_interval", defaults.CheckpointInterval, ShortestInterval, TimeSection.Longest),
            Keep = state.Integer("keep", defaults.Keep, FewestCheckpoints, MostCheckpoints),
        };
        state.Close();
        return options;
    }
}
