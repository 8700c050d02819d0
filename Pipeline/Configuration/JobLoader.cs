using Pipeline.Configuration.Checks;

namespace Pipeline.Configuration;

/// <summary>What loading a job found.</summary>
/// <param name="Job">The job; null when there is a mistake.</param>
/// <param name="Errors">Every mistake, in the order of the file, then those of variables and flags.</param>
/// <param name="Warnings">What the operator should know.</param>
/// <param name="Effective">The values in force, with their origins.</param>
/// <param name="Secrets">Masks the job's secrets in messages of others.</param>
internal sealed record LoadedJob(
    JobOptions? Job, IReadOnlyList<ConfigurationError> Errors, IReadOnlyList<ConfigurationError> Warnings, EffectiveSection Effective, SecretResolver Secrets);

/// <summary>Makes a checked job of a file, the environment and flags.</summary>
internal static class JobLoader
{
    /// <summary>Loads a job.</summary>
    /// <param name="path">The job file.</param>
    /// <param name="overrides">What flags say, later ones last.</param>
    /// <param name="environment">Variables by name: those named <c>PIPELINE__A__B</c> go over the file, and all may be referred to as <c>${env:NAME}</c>.</param>
    public static LoadedJob Load(
        string path, IEnumerable<ConfigurationOverride> overrides, IReadOnlyDictionary<string, string> environment)
    {
        string full = Path.GetFullPath(path);
        string baseDirectory = Path.GetDirectoryName(full) ?? "";
        string name = Path.GetFileName(full);
        var file = new Origin(OriginKind.File, name);
        var errors = new List<ConfigurationError>();
        var effective = new EffectiveSection();
        var context = new ReadingContext(file, baseDirectory, new SecretResolver(environment, baseDirectory), errors);

        JobOptions? job = null;
        if (ReadRoot(full, file, errors) is { } root)
        {
            var layer = new OverrideLayer(errors);
            foreach (ConfigurationOverride change in ConfigurationOverride.FromEnvironment(environment).Concat(overrides)) layer.Apply(root, change);
            job = JobReader.Read(new SectionReader(context, root, "", effective), baseDirectory);
            context.ReportUnknown();
            JobChecks.Check(job, context);
        }
        return new LoadedJob(errors.Count == 0 ? job : null, InOrder(errors), InOrder(context.Warnings), effective, context.Secrets);
    }

    private static MapNode? ReadRoot(string path, Origin file, List<ConfigurationError> errors)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            errors.Add(new ConfigurationError(file, "", $"cannot be read: {failure.Message}"));
            return null;
        }
        ConfigNode? root = YamlTree.Parse(text, line => file with { Line = line }, errors);
        if (root is MapNode map) return map;
        if (errors.Count == 0)
            errors.Add(new ConfigurationError(file, "", root is null or { IsNull: true } ? "is empty" : $"expected a section, found {root.Kind}"));
        return null;
    }

    private static List<ConfigurationError> InOrder(List<ConfigurationError> errors) =>
        [.. errors.OrderBy(error => error.Origin.Kind).ThenBy(error => error.Origin.Line)];
}
