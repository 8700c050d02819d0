using Pipeline.Configuration;

namespace Pipeline.Tests.Configuration;

/// <summary>Job files for tests: a small correct one, and loading of any text.</summary>
internal sealed class JobText : IDisposable
{
    /// <summary>The smallest job without a mistake or warning but the missing guard of files.</summary>
    public const string Small = """
        job: small
        streams:
          - name: exposure
            role: exposure
            source: { files: { paths: [exposure.jsonl] } }
            format: json
            key: [user_id, item_id]
            time: { field: ts }
          - name: click
            role: action
            source: { files: { paths: [click.jsonl] } }
            format: json
            key: [user_id, item_id]
            time: { field: ts }
        output:
          sink: { files: { dir: out } }
        state: { dir: state }
        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("job-");

    /// <summary>A file of this folder's data.</summary>
    public static string Data(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Configuration", "Data", name));

    /// <summary>The small job with a passage replaced, which must be there.</summary>
    public static string SmallWith(string passage, string replacement)
    {
        Assert.Contains(passage, Small);
        return Small.Replace(passage, replacement, StringComparison.Ordinal);
    }

    /// <summary>Writes a job file and gives its path.</summary>
    public string Write(string text)
    {
        string path = Path.Combine(_directory.FullName, "job.yaml");
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Where relative paths of the job start.</summary>
    public string BaseDirectory => _directory.FullName;

    /// <summary>Loads a text as a job file; settings are of the form <c>key=value</c>.</summary>
    public LoadedJob Load(string text, string[]? set = null, Dictionary<string, string>? environment = null) =>
        JobLoader.Load(Write(text), (set ?? []).Select(Override), environment ?? []);

    /// <summary>Loads a text that has no mistake.</summary>
    public JobOptions LoadSound(string text, string[]? set = null, Dictionary<string, string>? environment = null)
    {
        LoadedJob loaded = Load(text, set, environment);
        Assert.IsEmpty(loaded.Errors, string.Join('\n', loaded.Errors));
        return loaded.Job!;
    }

    /// <summary>The mistakes of a text that has some, one a line.</summary>
    public string LoadMistakes(string text, string[]? set = null, Dictionary<string, string>? environment = null)
    {
        LoadedJob loaded = Load(text, set, environment);
        Assert.IsNull(loaded.Job);
        return string.Join('\n', loaded.Errors);
    }

    /// <inheritdoc/>
    public void Dispose() => _directory.Delete(recursive: true);

    private static ConfigurationOverride Override(string setting)
    {
        string[] parts = setting.Split('=', 2);
        return ConfigurationOverride.FromFlag($"--set {parts[0]}", parts[0], parts[1]);
    }
}
