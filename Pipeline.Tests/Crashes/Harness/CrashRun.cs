using System.Diagnostics;
using System.Text.Json;
using Confluent.Kafka;
using Pipeline.Generation;
using Pipeline.Verification;

namespace Pipeline.Tests.Crashes;

/// <summary>
/// Runs a scenario with the real executable, meets it with faults, starts it again with the same arguments after each, lets it come to a clean end, and holds
/// what it committed against an uninterrupted run.
/// </summary>
/// <remarks>A run is used once. Its folder is kept when something is wrong, else deleted. Threading: one caller.</remarks>
internal sealed class CrashRun
{
    /// <summary>A process that brings nothing new for so long, and does not end, hangs.</summary>
    private static readonly TimeSpan HangLimit = TimeSpan.FromSeconds(120);

    /// <summary>A named point is passed within this, or never.</summary>
    private static readonly TimeSpan PointLimit = TimeSpan.FromSeconds(60);

    /// <summary>No process commits so soon after its start (the runtime alone takes longer): what is seen before it is of the last one.</summary>
    private static readonly TimeSpan FirstCommit = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan ScenarioLimit = TimeSpan.FromMinutes(10);

    /// <summary>How a paused process may end: broker unavailable, I/O, fenced.</summary>
    private static readonly int[] EndsAfterPause = [69, 74, 75];

    private readonly CrashScenario _scenario;
    private readonly CrashBroker? _broker;
    private readonly Action<FaultRecord> _tell;
    private readonly CrashJob _job;
    private readonly CrashReport _report;
    private ICommittedOutput _output = null!;
    private Task _brokerGoesOn = Task.CompletedTask;
    private bool _finished;
    private bool _wrong;
    private string? _summary;

    /// <param name="scenario">What is run.</param>
    /// <param name="broker">Where its topics are; null when it has none.</param>
    /// <param name="tell">Is told each fault when it is over.</param>
    public CrashRun(CrashScenario scenario, CrashBroker? broker, Action<FaultRecord> tell)
    {
        (_scenario, _broker, _tell) = (scenario, broker, tell);
        _job = new CrashJob(scenario, broker?.Bootstrap ?? "");
        _report = new CrashReport(scenario, _job.Folder);
    }

    /// <summary>Runs; whatever goes wrong is in the report.</summary>
    public async Task<CrashReport> RunAsync(IEnumerable<Fault> faults)
    {
        using ILogWriter writer = _scenario.FileInput ? new CrashFiles(_job) : new CrashTopics(_job);
        var feed = new LogFeed(_scenario, writer);
        using var enough = new CancellationTokenSource();
        _output = _scenario.FileOutput ? new FileOutput(_job.SampleFolder) : new TopicOutput(_job);
        await using ICommittedOutput output = _output;
        Task feeding = Task.CompletedTask;
        long began = Stopwatch.GetTimestamp();
        try
        {
            if (_scenario.IsBounded) feed.WriteAll();
            else feeding = Task.Run(() => feed.WriteUntilAsync(enough.Token), CancellationToken.None);
            foreach (Fault fault in faults)
            {
                if (_finished || _wrong) break;
                if (feeding.IsFaulted) await feeding.ConfigureAwait(false);
                if (Stopwatch.GetElapsedTime(began) > ScenarioLimit) throw new CrashFailureException($"the faults are not over after {ScenarioLimit.TotalMinutes} min");
                await MeetAsync(fault).ConfigureAwait(false);
            }
            ReferenceResult expected = await EndAsync(enough, feeding).ConfigureAwait(false);
            await _output.CatchUpAsync().ConfigureAwait(false);
            Check(expected, feed);
        }
        catch (CrashFailureException failure)
        {
            _report.Failures.Insert(0, failure.Message);
        }
        catch (Exception failure) when (failure is KafkaException or TimeoutException or IOException or JsonException)
        {
            _report.Failures.Insert(0, failure.ToString());
        }
        finally
        {
            await enough.CancelAsync().ConfigureAwait(false);
            await _brokerGoesOn.ConfigureAwait(false);
            await feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // The log comes first: what it lost is not the program's.
            if (feeding.Exception?.InnerException is { } log && !_report.Failures.Contains(log.Message)) _report.Failures.Insert(0, log.Message);
        }
        _report.Records = feed.Exposures + feed.Clicks;
        if (_output.Violation is { } violation && !_report.Failures.Contains(violation)) _report.Failures.Insert(0, violation);
        if (_report.Succeeded) Directory.Delete(_job.Folder, recursive: true);
        return _report;
    }

    private async Task MeetAsync(Fault fault)
    {
        string? point = fault.Kind == FaultKind.KillAtPoint ? $"{fault.Point}:{fault.Passes}" : null;
        using PipelineChild child = Start(point);
        var watch = new SampleWatch(this, child);
        bool ended = fault.Kind switch
        {
            FaultKind.KillAfterStart => await watch.UntilAsync(fault.After).ConfigureAwait(false),
            FaultKind.KillAfterSample => await watch.UntilSampleAsync().ConfigureAwait(false) || await watch.UntilAsync(child.Age + fault.After).ConfigureAwait(false),
            FaultKind.KillAtPoint => await watch.UntilAsync(PointLimit).ConfigureAwait(false),
            FaultKind.Pause => await PauseAsync(child, watch, fault).ConfigureAwait(false),
            _ => await StallAsync(child, watch, fault).ConfigureAwait(false),
        };
        bool atPoint = ended && child.ExitCode == PipelineChild.Killed && point is not null;
        if (!ended) await child.KillAsync().ConfigureAwait(false);
        await Keep(child).ConfigureAwait(false);
        var record = new FaultRecord(_report.Faults.Count + 1, fault, child.Pid, child.Age, watch.Recovery, _output.Count, child.ExitCode);
        _report.Faults.Add(record);
        _tell(record);
        if (_output is FileOutput files) files.Look(whole: true);
        if (_output.Violation is { } violation) throw new CrashFailureException(violation);
        if (point is not null && !ended)
        {
            // The output is still worth looking at, further faults are not worth waiting for.
            _report.Failures.Add($"fault {record.Number}: {fault.Point} was not passed within {PointLimit.TotalSeconds} s");
            _wrong = true;
        }
        if (!ended || atPoint || (fault.Kind == FaultKind.Pause && EndsAfterPause.Contains(child.ExitCode))) return;
        if (!IsFinish(child)) throw new CrashFailureException($"fault {record.Number}: the program ended by itself with {child.ExitCode}: {Tail(child.Messages)}");
    }

    /// <summary>Stops the process while it is at work, longer than its transaction may be open; it goes on, or ends in a way that is documented.</summary>
    private static async Task<bool> PauseAsync(PipelineChild child, SampleWatch watch, Fault fault)
    {
        if (await watch.UntilSampleAsync().ConfigureAwait(false) || await watch.UntilAsync(child.Age + fault.After).ConfigureAwait(false)) return true;
        child.Send(Signals.Stop);
        await child.ExitsWithinAsync(fault.Lasting).ConfigureAwait(false);
        watch.CountFromNow();
        child.Send(Signals.Continue);
        return await watch.UntilSampleAsync().ConfigureAwait(false);
    }

    /// <summary>Stops the broker while the process is at work, and lets it go on some time after the process was killed.</summary>
    private async Task<bool> StallAsync(PipelineChild child, SampleWatch watch, Fault fault)
    {
        if (await watch.UntilSampleAsync().ConfigureAwait(false) || await watch.UntilAsync(child.Age + fault.After).ConfigureAwait(false)) return true;
        SendBroker(Signals.Stop);
        // The broker goes on by itself, whatever becomes of the processes meanwhile.
        _brokerGoesOn = GoOnAfterAsync(fault.Lasting);
        return await watch.UntilAsync(child.Age + fault.Lasting / 2).ConfigureAwait(false);
    }

    private async Task GoOnAfterAsync(TimeSpan time)
    {
        await Task.Delay(time).ConfigureAwait(false);
        SendBroker(Signals.Continue);
    }

    private void SendBroker(int signal)
    {
        foreach (int pid in _broker!.Pids) Signals.Send(pid, signal);
    }

    /// <summary>
    /// Lets the program come to its end, by itself, or by a signal once every window that can close has; gives what an uninterrupted run makes of the log, which
    /// has its end by then.
    /// </summary>
    private async Task<ReferenceResult> EndAsync(CancellationTokenSource enough, Task feeding)
    {
        if (_finished) return _job.Expect();
        using PipelineChild child = Start(crashAt: null);
        var watch = new SampleWatch(this, child);
        bool ended = !_scenario.IsBounded && await StayCalmAsync(child, watch).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
        await feeding.ConfigureAwait(false);
        ReferenceResult expected = await Task.Run(_job.Expect).ConfigureAwait(false);
        int samples = expected.Samples.Count;
        ended = ended || await watch.UntilQuietAsync(_scenario.IsBounded ? long.MaxValue : samples).ConfigureAwait(false);
        if (!ended && !_scenario.IsBounded && _output.Distinct >= samples)
        {
            child.Send(Signals.Terminate);
            ended = await child.ExitsWithinAsync(HangLimit).ConfigureAwait(false);
        }
        long seen = _output.Count;
        if (!ended) await child.KillAsync().ConfigureAwait(false);
        await Keep(child).ConfigureAwait(false);
        if (!ended) throw new CrashFailureException($"the last start hangs: {seen} samples seen, nothing new for {HangLimit.TotalSeconds} s: {Tail(child.Messages)}");
        if (!IsFinish(child)) throw new CrashFailureException($"the last start ended with {child.ExitCode}: {Tail(child.Messages)}");
        return expected;
    }

    /// <summary>Lets the log go on while nothing disturbs the program; where a partition comes back from idleness, until one of its events was refused.</summary>
    private async Task<bool> StayCalmAsync(PipelineChild child, SampleWatch watch)
    {
        long refused = RefusedLetters();
        if (await watch.UntilSampleAsync().ConfigureAwait(false)) return true;
        TimeSpan enough = child.Age + _scenario.Calm, tooLong = enough + HangLimit;
        if (await watch.UntilAsync(enough).ConfigureAwait(false)) return true;
        while (_scenario.Silence is not null && child.Age < tooLong && RefusedLetters() == refused)
            if (await watch.UntilAsync(child.Age + TimeSpan.FromMilliseconds(200)).ConfigureAwait(false)) return true;
        return false;
    }

    private long RefusedLetters()
    {
        if (_scenario.Silence is null || !File.Exists(_job.LetterFile)) return 0;
        using var letters = new FileStream(_job.LetterFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var lines = new StreamReader(letters);
        return lines.ReadToEnd().Split("\"late_idle\"").Length - 1;
    }

    private void Check(ReferenceResult expected, LogFeed feed)
    {
        FoundSample[] found = [.. _job.Find()];
        IReadOnlyList<SeenSample> seen = _output.Seen();
        var records = new Dictionary<string, long> { ["exposure"] = feed.Exposures, ["click"] = feed.Clicks };
        _report.Samples = expected.Samples.Count;
        JsonElement? summary = _summary is null ? null : JsonElement.Parse(_summary);
        _report.Deterministic = summary?.GetProperty("deterministic").GetBoolean() ?? true;
        if (!_report.Deterministic && _scenario.Silence is null) _report.Failures.Add("the summary says that some events were late_idle, and nothing was ever idle");
        // Floors of exposures could move windows: then the ledger and the two readers are all there is to compare.
        if (_report.Deterministic) _report.Failures.AddRange(OutcomeChecks.Samples("a reader at the end", expected.Samples, found));
        else if (OutcomeChecks.RefusedBelowFloors(summary!.Value, "exposure") == 0)
            _report.Failures.AddRange(OutcomeChecks.SamplesWithFloors("a reader at the end", expected.Samples, found, OutcomeChecks.RefusedBelowFloors(summary.Value, "click")));
        _report.Failures.AddRange(OutcomeChecks.SameSeen(seen, found));
        _report.Failures.AddRange(OutcomeChecks.Order(seen));
        if (summary is not { } last) return;
        _report.Failures.AddRange(OutcomeChecks.Ledger(last, expected, records, found));
        if (_scenario.Letters) _report.Failures.AddRange(OutcomeChecks.Letters(last, _job.LetterFile));
    }

    private PipelineChild Start(string? crashAt)
    {
        _report.Starts++;
        return PipelineChild.Start(_job.Arguments, crashAt, _scenario.OneCore);
    }

    /// <summary>Whether the program ended as it must at its end; a kill just behind the end of a bounded run leaves a finished state, which the next start refuses.</summary>
    private bool IsFinish(PipelineChild child)
    {
        bool wasFinished = _scenario.IsBounded && child.ExitCode == 65 && _report.Starts > 1 && child.Messages.Contains("finished", StringComparison.Ordinal);
        _finished = child.ExitCode == 0 || wasFinished;
        _summary = child.ExitCode == 0 ? child.Output.Trim() : null;
        return _finished;
    }

    private async Task Keep(PipelineChild child)
    {
        await File.WriteAllTextAsync(Path.Combine(_job.Folder, $"messages-{_report.Starts}.txt"), child.Messages).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(_job.Folder, $"output-{_report.Starts}.txt"), child.Output).ConfigureAwait(false);
    }

    private static string Tail(string messages) => messages.Length > 2000 ? messages[^2000..] : messages;

    /// <summary>Waits for a process's samples, or its end.</summary>
    private sealed class SampleWatch(CrashRun run, PipelineChild child)
    {
        private long _from = -1;

        public TimeSpan? Recovery { get; private set; }

        /// <summary>Only what is seen from now on is new.</summary>
        public void CountFromNow() => _from = run._output.Count;

        /// <summary>Until the process is so old; true when it ended before.</summary>
        public async Task<bool> UntilAsync(TimeSpan age)
        {
            while (!child.HasExited && child.Age < age) await LookAsync().ConfigureAwait(false);
            return child.HasExited;
        }

        /// <summary>Until there is a new sample; true when the process ended before.</summary>
        public async Task<bool> UntilSampleAsync()
        {
            TimeSpan began = child.Age;
            while (!child.HasExited && !(await LookAsync().ConfigureAwait(false)))
                if (child.Age - began > HangLimit)
                {
                    await child.KillAsync().ConfigureAwait(false);
                    await run.Keep(child).ConfigureAwait(false);
                    throw new CrashFailureException($"process {child.Pid} hangs: no new sample within {HangLimit.TotalSeconds} s: {Tail(child.Messages)}");
                }
            return child.HasExited;
        }

        /// <summary>Until so many samples are seen or nothing new comes any more; true when the process ended before.</summary>
        public async Task<bool> UntilQuietAsync(long samples)
        {
            long seen = run._output.Count;
            TimeSpan since = child.Age;
            while (!child.HasExited && run._output.Distinct < samples && child.Age - since < HangLimit)
            {
                await LookAsync().ConfigureAwait(false);
                if (run._output.Count != seen) (seen, since) = (run._output.Count, child.Age);
            }
            return child.HasExited;
        }

        private async Task<bool> LookAsync()
        {
            await child.ExitsWithinAsync(Look).ConfigureAwait(false);
            if (run._output.Violation is { } violation) throw new CrashFailureException(violation);
            if (_from < 0 && child.Age >= FirstCommit) CountFromNow();
            if (_from < 0 || run._output.Count <= _from) return false;
            if (Recovery is null) run._report.Recoveries.Add((Recovery = child.Age).Value);
            return true;
        }
    }
}
