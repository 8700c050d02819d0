using Pipeline.Commands;
using Pipeline.Configuration;
using Pipeline.Reports;
using Pipeline.Tests.Configuration;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Commands;

[TestClass]
public sealed class ReportSetupTests : IDisposable
{
    private readonly JobText _text = new();

    public void Dispose() => _text.Dispose();

    [TestMethod]
    public void ReportsGoToTheConsole_UnlessSaidOtherwise()
    {
        var flags = new RunFlags();

        Assert.AreEqual(new ReportSettings(), Of(flags));
        Assert.AreEqual(TimeSpan.FromSeconds(5), ReportSetup.Interval(flags));
    }

    [TestMethod]
    public void FileOfReports_IsInTheStateDirectory_UnlessNamed()
    {
        JobOptions job = _text.LoadSound(JobText.Small);

        Assert.AreEqual((ReportForm.Text, Path.Combine(job.State.Dir, "report.txt")), Where(new RunFlags { Report = ReportTarget.File }));
        Assert.AreEqual((ReportForm.Json, Path.Combine(job.State.Dir, "report.jsonl")), Where(new RunFlags { Report = ReportTarget.File, ReportFormat = TextFormat.Json }));
        Assert.AreEqual((ReportForm.Text, "r"), Where(new RunFlags { Report = ReportTarget.File, ReportFile = "r" }));
    }

    [TestMethod]
    public void NothingIsWritten_WhereNobodyWantsIt()
    {
        Assert.IsNull(ReportSetup.Interval(new RunFlags { Report = ReportTarget.None }));
        Assert.IsNull(ReportSetup.Interval(new RunFlags { Report = ReportTarget.Http }));
        Assert.IsNull(ReportSetup.Interval(new RunFlags { Log = new LogFlags { Verbosity = Verbosity.Quiet } }));
        Assert.IsNotNull(ReportSetup.Interval(new RunFlags { Report = ReportTarget.File, Log = new LogFlags { Verbosity = Verbosity.Quiet } }));
    }

    [TestMethod]
    [DataRow("127.0.0.1:8080", "127.0.0.1", 8080)]
    [DataRow("localhost:0", "localhost", 0)]
    [DataRow("[::1]:9", "[::1]", 9)]
    public void Loopback_NeedsNoToken(string address, string host, int port) => Assert.AreEqual(new HttpSettings(host, port, null), Of(new RunFlags { Http = address }).Http);

    [TestMethod]
    [DataRow("0.0.0.0:8080")]
    [DataRow("[::]:8080")]
    [DataRow("pod.example:8080")]
    public void OtherAddress_WithoutAToken_IsRefused(string address) => Assert.AreEqual(
        $"--http {address}: expected a loopback address or --http-token-file FILE with a token that callers have to show, found neither",
        Assert.ThrowsExactly<ArgumentException>(() => Of(new RunFlags { Http = address })).Message);

    [TestMethod]
    public void Token_IsTheFilesText()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["token"], " s3cret\n");
        File.WriteAllText(folder["empty"], "\n");

        Assert.AreEqual("s3cret", Of(new RunFlags { Http = "0.0.0.0:1", HttpTokenFile = folder["token"] }).Http!.Token);
        Assert.Contains("expected a token, found nothing", Assert.ThrowsExactly<ArgumentException>(() => Of(new RunFlags { Http = "0.0.0.0:1", HttpTokenFile = folder["empty"] })).Message);
        Assert.Contains("expected a file with a token", Assert.ThrowsExactly<ArgumentException>(() => Of(new RunFlags { Http = "0.0.0.0:1", HttpTokenFile = folder["none"] })).Message);
    }

    [TestMethod]
    public async Task OpenAddressWithoutAToken_EndsTheRunAsAMistake()
    {
        CommandRun run = await CommandRun.Of("run", _text.Write(JobText.Small), "--http", "0.0.0.0:0");

        Assert.AreEqual(ExitCodes.Configuration, run.ExitCode);
        Assert.Contains("--http-token-file", run.Error);
    }

    private (ReportForm, string?) Where(RunFlags flags) => (Of(flags).Form, Of(flags).File);

    private ReportSettings Of(RunFlags flags) => ReportSetup.Of(flags, _text.LoadSound(JobText.Small), "");
}
