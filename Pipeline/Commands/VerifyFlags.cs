using System.CommandLine;

namespace Pipeline.Commands;

/// <summary>The flags of <c>verify</c>: which samples, how many differences are shown, and how much is in memory at a time.</summary>
internal sealed class VerifyFlags
{
    // Of each group two files are open, with a buffer of 64 KiB each.
    private const int MostGroups = 256;

    /// <summary>Where the samples are.</summary>
    public Option<string> Samples { get; } = new("--samples")
    {
        Description = "A file, a directory of samples, or kafka: the job's output topic",
        HelpName = "PATH|kafka",
        Required = true,
    };

    /// <summary>Most differences shown.</summary>
    public Option<int> Examples { get; } = NumberOption.Of("--examples", "Most differences shown", standard: 5, least: 0);

    /// <summary>In how many groups keys are judged.</summary>
    public Option<int> Groups { get; } = NumberOption.Of(
        "--groups", "For large logs: keys are judged in this many groups, one in memory at a time, the others in temporary files", standard: 1, least: 1, MostGroups);

    /// <summary>Where the groups' files go; null: the system's temporary directory.</summary>
    public Option<DirectoryInfo> Temp { get; } = new Option<DirectoryInfo>("--temp")
    {
        Description = "Where the files of groups go: more than the log, or twice the samples (default: the system's temporary directory)",
        HelpName = "DIR",
    }.AcceptExistingOnly();

    /// <summary>Gives a command these flags.</summary>
    public void AddTo(Command command)
    {
        command.Add(Samples);
        command.Add(Examples);
        command.Add(Groups);
        command.Add(Temp);
        command.Validators.Add(result =>
        {
            if (result.GetResult(Temp) is { Implicit: false } && result.GetResult(Groups) is not { Implicit: false }) result.AddError("--temp is where the files of --groups go: give both");
        });
    }
}
