namespace Pipeline.Commands;

/// <summary>The flags several commands share; one object a command line, handed to each command that is made.</summary>
internal sealed class CommonOptions
{
    /// <summary>Made once a command line.</summary>
    public CommonOptions() => (Job, Report) = (new JobFlags(Messages), new ReportFlags(Messages));

    /// <summary>How messages look; every command has them.</summary>
    public MessageFlags Messages { get; } = new();

    /// <summary>The job file and what goes over it.</summary>
    public JobFlags Job { get; }

    /// <summary>Reports, HTTP and summary of commands that run.</summary>
    public ReportFlags Report { get; }
}
