using System.CommandLine;
using Pipeline.Perf.Micro;
using Pipeline.Perf.Scenarios;

namespace Pipeline.Perf;

/// <summary>Commands of the scenarios that stand against an aim; README.md beside this file has them in a table.</summary>
internal static class Measures
{
    /// <summary>All of them.</summary>
    public static IEnumerable<Command> Commands() => [Floor(), FloorLoop(), Scaling(), Age(), OpenWindows(), Allocation(), Recovery(), Micro()];

    private static Command Floor()
    {
        Option<long> exposures = Number("--exposures", "Size of the log: by default the program runs half a minute, of which compilation is 2 s", 16_000_000L);
        Option<int> runs = Number("--runs", "Counted runs of both, after one that is not", 5), core = Number("--core", "The core both run on", Environment.ProcessorCount - 1);
        var command = new Command("floor", "A loop that does only the unavoidable, beside the program with one lane and one parser, both on one core.") { exposures, runs, core };
        command.SetAction((parsed, _) => Scenarios.Floor.RunAsync(parsed.GetValue(exposures), parsed.GetValue(runs), parsed.GetValue(core)));
        return command;
    }

    private static Command FloorLoop()
    {
        var job = new Argument<string>("JOB");
        var command = new Command("floor-loop", "The loop alone, as floor starts it.") { job };
        command.Hidden = true;
        command.SetAction(parsed => Scenarios.Floor.RunLoop(parsed.GetRequiredValue(job)));
        return command;
    }

    private static Command Scaling()
    {
        Option<long> exposures = Number("--exposures", "Size of the log", 8_000_000L);
        Option<int> runs = Number("--runs", "Counted runs of each, after one that is not", 5);
        var command = new Command("scaling", "File → file on one core and on two; what the single-threaded stages cost a record.") { exposures, runs };
        command.SetAction((parsed, _) => Scenarios.Scaling.RunAsync(parsed.GetValue(exposures), parsed.GetValue(runs)));
        return command;
    }

    private static Command Age()
    {
        Option<string> bootstrap = Broker(required: true);
        Option<long> exposures = Number("--exposures", "Size of the backlog by which the peak is measured", 4_000_000L);
        Option<double> share = Number("--share", "Part of the peak at which the log comes", 0.7), peak = Number("--peak", "Records/s taken for the peak; 0: measured", 0.0), hot = Number("--hot-share", "Part of the live log that one key has", 0.0);
        Option<int> seconds = Number("--seconds", "How long the live log comes; the figures are of its last one to two minutes", 180);
        var command = new Command("age", "What the program adds to a sample's age while a live log comes at 70 % of the peak; exactly-once.") { bootstrap, exposures, share, peak, seconds, hot };
        command.SetAction((parsed, _) => Scenarios.Age.RunAsync(
            parsed.GetRequiredValue(bootstrap),
            parsed.GetValue(exposures),
            parsed.GetValue(share),
            parsed.GetValue(peak),
            TimeSpan.FromSeconds(parsed.GetValue(seconds)),
            parsed.GetValue(hot)));
        return command;
    }

    private static Command OpenWindows()
    {
        var windows = new Option<long[]>("--windows") { Description = "Windows open at once", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1_000_000, 50_000_000] };
        Option<int> runs = Number("--runs", "Runs of each, in turn", 5);
        Option<long> steady = Number("--steady", "Exposures after they are open", 10_000_000L);
        Option<int> clicks = Number("--click-every", "Exposures for each click", 10);
        var memory = new Option<string>("--memory") { Description = "state.memory of every run", DefaultValueFactory = _ => "3GiB" };
        var folder = new Option<string>("--folder") { Description = "Where logs, state and samples go", DefaultValueFactory = _ => Path.GetTempPath() };
        var command = new Command("open-windows", "Many windows open at once, state on disk: records/s, memory and disk in the steady state.") { windows, runs, steady, clicks, memory, folder };
        command.SetAction((parsed, _) => Scenarios.OpenWindows.RunAsync(
            parsed.GetRequiredValue(windows), parsed.GetValue(runs), parsed.GetValue(steady), parsed.GetValue(clicks), parsed.GetRequiredValue(memory), parsed.GetRequiredValue(folder)));
        return command;
    }

    private static Command Allocation()
    {
        Option<string> bootstrap = Broker(required: false);
        var files = new Option<bool>("--files") { Description = "File → file" };
        Option<long> exposures = Number("--exposures", "Size of the log; it must last for warm-up and measuring", 40_000_000L);
        Option<int> warmUp = Number("--warm-up", "Seconds before the first look: behind the first checkpoint, which has state take its size", 40), seconds = Number("--seconds", "Seconds measured", 60);
        var command = new Command("allocation", "Managed bytes per record and Gen2 collections in the steady state at the peak.") { bootstrap, files, exposures, warmUp, seconds };
        command.Validators.Add(result =>
        {
            if (result.GetResult(bootstrap) is null != result.GetValue(files)) result.AddError("give either --bootstrap BROKERS or --files");
        });
        command.SetAction((parsed, _) => Scenarios.Allocation.RunAsync(
            parsed.GetValue(bootstrap), parsed.GetValue(exposures), TimeSpan.FromSeconds(parsed.GetValue(warmUp)), TimeSpan.FromSeconds(parsed.GetValue(seconds))));
        return command;
    }

    private static Command Recovery()
    {
        Option<long> windows = Number("--windows", "Windows open at the kill", 10_000_000L), after = Number("--after", "Exposures after they are open; they must last until the kill and behind the restart", 30_000_000L);
        Option<int> interval = Number("--interval", "Seconds between checkpoints", 30);
        var memory = new Option<string>("--memory") { Description = "state.memory", DefaultValueFactory = _ => "1GiB" };
        var folder = new Option<string>("--folder") { Description = "Where log, state and samples go", DefaultValueFactory = _ => Path.GetTempPath() };
        var command = new Command("recovery", "Killed with many windows open: from the restart to the first new committed sample, restore and replay.") { windows, after, memory, interval, folder };
        command.SetAction((parsed, _) => Scenarios.Recovery.RunAsync(
            parsed.GetValue(windows), parsed.GetValue(after), parsed.GetRequiredValue(memory), parsed.GetValue(interval), parsed.GetRequiredValue(folder)));
        return command;
    }

    private static Command Micro()
    {
        var gate = new Option<bool>("--gate") { Description = "A short job; fails when a stage allocates for a record" };
        var filter = new Option<string>("--filter") { Description = "Benchmarks by name, with *", DefaultValueFactory = _ => "*" };
        var command = new Command("micro", "Stages one by one: ns and allocated bytes per record (BenchmarkDotNet).") { gate, filter };
        command.SetAction(parsed => MicroBenchmarks.Run(parsed.GetValue(gate), parsed.GetRequiredValue(filter)));
        return command;
    }

    private static Option<string> Broker(bool required) => new("--bootstrap") { Description = "A broker", Required = required };

    private static Option<T> Number<T>(string name, string description, T standard) => new(name) { Description = description, DefaultValueFactory = _ => standard };
}
