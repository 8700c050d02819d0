using System.Collections;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Pipeline.Configuration;
using Pipeline.Logging;

namespace Pipeline.Commands;

/// <summary>The job file of a command and the flags that go over it.</summary>
/// <param name="messages">How messages look.</param>
internal sealed class JobFlags(MessageFlags messages)
{
    private readonly Argument<string> _path = new("JOB") { Description = "Job file (YAML)", HelpName = "JOB.yaml" };

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Value over the job file's, for any key: --set window.length=5m --set streams.click.positive=false",
        HelpName = "path.to.key=value",
        Validators = { CheckSettings },
    };

    private readonly (Option<int?> Option, string Key)[] _numbers =
    [
        (Number("--parse-parallelism", "Record batches parsed at once"), "parallelism.parse"),
        (Number("--format-parallelism", "Sample batches formatted at once"), "parallelism.format"),
        (Number("--lanes", "Join blocks, 1 to 64"), "parallelism.lanes"),
        (Number("--block-capacity", "Batches a block may hold; of salts, lanes and format twice as many"), "parallelism.block_capacity"),
        (Number("--batch-records", "Most records in a batch"), "parallelism.batch_records"),
        (Number("--salts", "Blocks that condense a hot key's events, of each lane"), "skew.salts"),
    ];

    private readonly Option<string?> _skewMode = new("--skew-mode")
    {
        Description = "When work on a key is spread over salts: auto, off or force",
        HelpName = "MODE",
        Validators = { CheckSkewMode },
    };

    private readonly Option<string?> _stateDir = new("--state-dir") { Description = "Directory of the state; a relative one starts at the job file", HelpName = "DIR" };

    private readonly Option<string?> _stateMemory = new("--state-memory")
    {
        Description = "Memory for the state",
        HelpName = "SIZE",
        Validators = { CheckSize },
    };

    /// <summary>Gives a command the job argument and its flags.</summary>
    public void AddTo(Command command)
    {
        command.Add(_path);
        command.Add(_set);
        foreach ((Option<int?> option, _) in _numbers) command.Add(option);
        command.Add(_skewMode);
        command.Add(_stateDir);
        command.Add(_stateMemory);
    }

    /// <summary>The job file, as it was named.</summary>
    public string PathOf(ParseResult parsed) => parsed.GetRequiredValue(_path);

    /// <summary>What the flags say; a short one goes over <c>--set</c> of the same key.</summary>
    public IEnumerable<ConfigurationOverride> Overrides(ParseResult parsed)
    {
        foreach (string setting in parsed.GetValue(_set) ?? [])
        {
            string[] parts = setting.Split('=', 2);
            yield return ConfigurationOverride.FromFlag($"{_set.Name} {parts[0]}", parts[0], parts[1]);
        }
        foreach ((Option<int?> option, string key) in _numbers)
            if (parsed.GetValue(option) is { } number)
                yield return ConfigurationOverride.FromFlag(option.Name, key, number.ToString(CultureInfo.InvariantCulture));
        if (parsed.GetValue(_skewMode) is { } mode) yield return ConfigurationOverride.FromFlag(_skewMode.Name, "skew.mode", mode);
        if (parsed.GetValue(_stateDir) is { } directory) yield return ConfigurationOverride.FromFlag(_stateDir.Name, "state.dir", directory);
        if (parsed.GetValue(_stateMemory) is { } memory) yield return ConfigurationOverride.FromFlag(_stateMemory.Name, "state.memory", memory);
    }

    /// <summary>Loads the job a command names, under this process's environment.</summary>
    public LoadedJob Load(ParseResult parsed) => JobLoader.Load(PathOf(parsed), Overrides(parsed), ProcessEnvironment());

    /// <summary>Loads the job, and says every mistake in it, one an event; without a job the command ends with <see cref="ExitCodes.Configuration"/>.</summary>
    public LoadedJob LoadOrReport(ParseResult parsed)
    {
        LoadedJob loaded = Load(parsed);
        if (loaded.Job is null) ReportMistakes(parsed, loaded);
        return loaded;
    }

    /// <summary>Says every mistake of a job.</summary>
    public void ReportMistakes(ParseResult parsed, LoadedJob loaded)
    {
        using EventLog log = messages.OpenToolLog(parsed, loaded.Secrets.Mask);
        foreach (ConfigurationError mistake in loaded.Errors) log.Fails($"{mistake}");
        log.Fails($"{PathOf(parsed)}: {loaded.Errors.Count} mistake{(loaded.Errors.Count == 1 ? "" : "s")}");
    }

    private static Option<int?> Number(string name, string description) => new(name) { Description = description, HelpName = "N" };

    private static void CheckSettings(OptionResult result)
    {
        foreach (Token token in result.Tokens)
            if (token.Value.IndexOf('=', StringComparison.Ordinal) < 1) result.AddError($"--set takes path.to.key=value, found '{token.Value}'");
    }

    private static void CheckSkewMode(OptionResult result)
    {
        foreach (Token token in result.Tokens)
            if (!Choices.Skew.TryFind(token.Value, out _)) result.AddError($"--skew-mode takes {Choices.Skew.Sentence}, found '{token.Value}'");
    }

    private static void CheckSize(OptionResult result)
    {
        foreach (Token token in result.Tokens)
            if (!Sizes.TryParse(token.Value, out _)) result.AddError($"--state-memory takes {Sizes.Expected}, found '{token.Value}'");
    }

    private static Dictionary<string, string> ProcessEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
}
