using System.Diagnostics;
using Pipeline.Hosting;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Hosting;

[TestClass]
public sealed class ProcessStatusTests
{
    [TestMethod]
    public void Status_IsWhatTheRuntimeSays()
    {
        using var process = Process.GetCurrentProcess();

        ProcessStatus status = ProcessStatus.Now();

        // Other tests run meanwhile: some threads and some memory come and go.
        Assert.IsInRange(process.WorkingSet64 / 2, process.WorkingSet64 * 2, status.RssBytes);
        Assert.IsInRange(process.PeakWorkingSet64 / 2, process.PeakWorkingSet64 * 2, status.PeakRssBytes);
        Assert.IsGreaterThanOrEqualTo(status.RssBytes, status.PeakRssBytes);
        Assert.IsInRange(process.Threads.Count / 2, process.Threads.Count * 2, status.Threads);
    }

    [TestMethod]
    public void Asking_AllocatesNothing() => Assert.AreEqual(0L, Allocations.Least(static () => ProcessStatus.Now()));
}
