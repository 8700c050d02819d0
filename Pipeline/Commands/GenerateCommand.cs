using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Pipeline.Configuration;
using Pipeline.Generation;
using Pipeline.Logging;

namespace Pipeline.Commands;

/// <summary><c>pipeline generate</c>: writes a seeded synthetic log to files or topics, and one JSON line of what it wrote to stdout.</summary>
internal static class GenerateCommand
{
    private static readonly SyntheticLogOptions Defaults = new();
    private static readonly Option<long> Exposures = NumberOption.Of("--exposures", "Exposures.", Defaults.Exposures, least: 0);
    private static readonly Option<double> Ctr = NumberOption.Of("--ctr", "Share of exposures that are clicked.", Defaults.Ctr, 0, 1);
    private static readonly Option<long> Users = NumberOption.Of("--users", "Users.", Defaults.Users, least: 1);
    private static readonly Option<long> Items = NumberOption.Of("--items", "Items.", Defaults.Items, least: 1);
    private static readonly Option<double> Zipf = NumberOption.Of("--zipf", "Exponent of the users' Zipf law; 0 is uniform.", Defaults.Zipf, 0);
    private static readonly Option<double> HotShare = NumberOption.Of("--hot-share", "Share of exposures that are of one key, u1 and i1.", Defaults.HotShare, 0, 1);
    private static readonly Option<double> Rate = NumberOption.Of("--rate", "Exposures per second of event time.", Defaults.Rate, 1e-3);
    private static readonly Option<TimeSpan> DelayMean = Duration("--delay-mean", "Mean delay of a click; none is longer than 60m.", Defaults.DelayMean);
    private static readonly Option<TimeSpan> Disorder = Duration("--disorder", "An event reaches the log up to this much later.", Defaults.Disorder);
    private static readonly Option<int> Partitions = NumberOption.Of("--partitions", "Partitions (files) of each stream.", Defaults.Partitions, least: 1);
    private static readonly Option<double> Duplicates = NumberOption.Of("--duplicates", "Share of records that are sent twice.", Defaults.Duplicates, 0, 1);
    private static readonly Option<ulong> Seed = NumberOption.Of<ulong>("--seed", "Another seed, another log.", Defaults.Seed, least: 0);
    private static readonly Option<DateTimeOffset> Start = new("--start")
    {
        Description = "Event time of the first exposure; UTC unless it has an offset.",
        DefaultValueFactory = _ => Defaults.Start,
        HelpName = "time",
        CustomParser = result =>
        {
            if (DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset start)) return start;
            result.AddError($"--start: expected a time such as 2025-06-15T00:00:00Z, found '{result.Tokens[0].Value}'");
            return default;
        },
    };
    private static readonly Option<string> Out = new("--out") { Description = "Directory of exposure-<p>.jsonl and click-<p>.jsonl." };
    private static readonly Option<string> Bootstrap = new("--bootstrap") { Description = "Kafka brokers; topics exposure and click." };

    /// <summary>The command, for the registration list.</summary>
    public static Command Create(CommonOptions common)
    {
        var command = new Command("generate", "Writes a synthetic, seeded log to files or Kafka. Same flags, same bytes.")
        {
            Exposures, Ctr, Users, Items, Zipf, HotShare, Rate, DelayMean, Disorder, Partitions, Duplicates, Seed, Start, Out, Bootstrap,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(Out) is null == result.GetResult(Bootstrap) is null) result.AddError("give either --out DIR or --bootstrap BROKERS");
        });
        command.SetAction(flags =>
        {
            using EventLog log = common.Messages.OpenToolLog(flags);
            return Failures.Report(log, () => Run(flags));
        });
        return command;
    }

    private static int Run(ParseResult flags)
    {
        long began = TimeProvider.System.GetTimestamp();
        SyntheticLogOptions options = Read(flags);
        var log = new SyntheticLog(options);
        long bytes = 0;
        using (ILogWriter writer = flags.GetValue(Out) is { } directory
            ? new LogFiles(directory, options.Partitions)
            : new LogTopics(flags.GetRequiredValue(Bootstrap), options.Partitions))
        {
            while (log.MoveNext())
            {
                writer.Write(log.IsExposure, log.Partition, log.Key, log.Line);
                bytes += log.Line.Length;
            }
            writer.Complete();
        }
        double seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        flags.InvocationConfiguration.Output.WriteLine(JsonSerializer.Serialize(new
        {
            exposures = log.Exposures,
            clicks = log.Clicks,
            repeats = log.Repeats,
            bytes,
            seconds = Math.Round(seconds, 3),
            records_per_second = (long)((log.Exposures + log.Clicks) / seconds),
        }));
        return 0;
    }

    private static SyntheticLogOptions Read(ParseResult flags) => new()
    {
        Exposures = flags.GetValue(Exposures),
        Ctr = flags.GetValue(Ctr),
        Users = flags.GetValue(Users),
        Items = flags.GetValue(Items),
        Zipf = flags.GetValue(Zipf),
        HotShare = flags.GetValue(HotShare),
        Rate = flags.GetValue(Rate),
        DelayMean = flags.GetValue(DelayMean),
        Disorder = flags.GetValue(Disorder),
        Partitions = flags.GetValue(Partitions),
        Duplicates = flags.GetValue(Duplicates),
        Seed = flags.GetValue(Seed),
        Start = flags.GetValue(Start),
    };

    private static Option<TimeSpan> Duration(string name, string description, TimeSpan standard) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => standard,
        CustomParser = result =>
        {
            if (Durations.TryParse(result.Tokens[0].Value, out TimeSpan duration)) return duration;
            result.AddError($"{name}: expected {Durations.Expected}, found '{result.Tokens[0].Value}'");
            return default;
        },
    };
}
