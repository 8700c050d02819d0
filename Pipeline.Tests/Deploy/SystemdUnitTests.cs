using Pipeline.Commands;
using Pipeline.Tests.Commands;
using Pipeline.Tests.Configuration;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Deploy;

/// <summary>The shipped unit: its keys are systemd's, and what it starts is what this program understands.</summary>
[TestClass]
public sealed class SystemdUnitTests
{
    private const string Program = "/opt/pipeline/pipeline";
    private static readonly string Unit = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "pipeline@.service"));

    /// <summary>What the unit may say, so that a misspelt key is seen where systemd is not.</summary>
    private static readonly Dictionary<string, string[]> Known = new()
    {
        ["Unit"] = ["Description", "Documentation", "Wants", "After", "StartLimitIntervalSec", "StartLimitBurst"],
        ["Service"] =
        [
            "Type", "ExecStartPre", "ExecStart", "WorkingDirectory", "Restart", "RestartSec", "RestartPreventExitStatus", "KillSignal", "TimeoutStopSec", "DynamicUser", "User",
            "StateDirectory", "StateDirectoryMode", "ConfigurationDirectory", "LoadCredential", "UMask", "Environment", "MemoryHigh", "MemoryMax", "MemorySwapMax", "LimitNOFILE", "LimitCORE",
            "TasksMax", "OOMPolicy", "NoNewPrivileges", "CapabilityBoundingSet", "AmbientCapabilities", "ProtectSystem", "ProtectHome", "ProtectProc", "ProtectClock", "ProtectHostname",
            "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables", "ProtectControlGroups", "PrivateMounts", "PrivateTmp", "PrivateDevices", "PrivateUsers", "RestrictAddressFamilies",
            "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "RemoveIPC", "LockPersonality", "SystemCallArchitectures", "SystemCallFilter", "SystemCallErrorNumber",
        ],
        ["Install"] = ["WantedBy"],
    };

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Unit_IsWhatSystemdTakes()
    {
        if (Tool.Find("systemd-analyze") is not { } analyze)
        {
            TestContext.WriteLine("systemd-analyze is not on PATH: only the names of the unit's keys are checked");
            foreach ((string section, string key, _) in Keys()) Assert.Contains(key, Known[section], section);
            return;
        }
        using var folder = new TempFolder();
        // The program need not be installed here: any other stands for it.
        await File.WriteAllTextAsync(folder["pipeline@.service"], Unit.Replace(Program, Tool.Find("true"), StringComparison.Ordinal));

        (int exitCode, string said) = await Tool.RunAsync(analyze, folder["."], "", "verify", "--man=no", folder["pipeline@.service"]);

        TestContext.WriteLine($"verified by {analyze}");
        Assert.AreEqual((0, ""), (exitCode, said));
    }

    [TestMethod]
    public void EveryKey_IsKnown_AndTheTestKnowsNoOther()
    {
        foreach ((string section, string key, _) in Keys()) Assert.Contains(key, Known[section], section);
        CollectionAssert.AreEquivalent(Known.Values.SelectMany(static keys => keys).Except(["LoadCredential"]).ToArray(), Keys().Select(static line => line.Key).Distinct().ToArray());
    }

    [TestMethod]
    public async Task Commands_AreOnesThatTheProgramUnderstands()
    {
        using var text = new JobText();
        string job = text.Write(JobText.Small);
        string[] validate = Arguments("ExecStartPre", job), run = Arguments("ExecStart", job);

        CommandRun validated = await CommandRun.Of(validate);
        CommandRun help = await CommandRun.Of("run", "--help");

        Assert.AreEqual(ExitCodes.Done, validated.ExitCode, validated.Error);
        Assert.AreEqual(("run", job), (run[0], run[1]));
        foreach (string flag in run.Where(static argument => argument.StartsWith("--", StringComparison.Ordinal))) Assert.Contains($"{flag} ", help.Output);
    }

    [TestMethod]
    public void WhatAStartThatIsTriedAgainCannotMend_IsNotTriedAgain()
    {
        int[] never = [ExitCodes.Usage, ExitCodes.DataRefused, ExitCodes.Fenced, ExitCodes.Configuration];

        Assert.AreEqual(string.Join(' ', never), Value("RestartPreventExitStatus"));
        Assert.AreEqual("on-failure", Value("Restart"));
    }

    private static string[] Arguments(string key, string job) =>
        [.. Value(key).Replace("/etc/pipeline/%i.yaml", job, StringComparison.Ordinal).Split(' ').SkipWhile(static word => word != Program).Skip(1)];

    private static string Value(string key) => Keys().Single(line => line.Key == key).Value;

    private static IEnumerable<(string Section, string Key, string Value)> Keys()
    {
        string section = "";
        foreach (string line in Unit.Split('\n'))
        {
            if (line.Length == 0 || line[0] == '#') continue;
            if (line[0] == '[') section = line.Trim('[', ']');
            else yield return (section, line[..line.IndexOf('=')], line[(line.IndexOf('=') + 1)..]);
        }
    }
}
