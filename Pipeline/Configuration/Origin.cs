namespace Pipeline.Configuration;

/// <summary>Which layer a value comes from; a later one goes before an earlier one.</summary>
internal enum OriginKind
{
    /// <summary>Nobody said anything.</summary>
    Default,

    /// <summary>The job file.</summary>
    File,

    /// <summary>A variable <c>PIPELINE__A__B</c>.</summary>
    Environment,

    /// <summary>The command line.</summary>
    Flag,
}

/// <summary>Where an effective value, or a mistake, comes from.</summary>
/// <param name="Kind">The layer.</param>
/// <param name="Name">File, variable or flag.</param>
/// <param name="Line">Line in the file, from 1; 0 where there is none.</param>
internal sealed record Origin(OriginKind Kind, string Name = "", int Line = 0)
{
    /// <summary>Nobody said anything.</summary>
    public static readonly Origin Default = new(OriginKind.Default);

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        OriginKind.Default => "default",
        OriginKind.File when Line > 0 => $"{Name}:{Line}",
        OriginKind.Environment => $"environment {Name}",
        _ => Name,
    };
}
