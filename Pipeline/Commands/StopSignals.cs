using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Pipeline.Logging;

namespace Pipeline.Commands;

/// <summary>SIGINT and SIGTERM: the first asks for a drain, the second ends the process at once with 130 or 143.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly ILogger _log;
    private int _signals;

    public StopSignals(ILogger log)
    {
        _log = log;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Signalled(signal, ExitCodes.Interrupted)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Signalled(signal, ExitCodes.Terminated)),
        ];
    }

    /// <summary>Cancelled at the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _stop.Dispose();
    }

    private void Signalled(PosixSignalContext context, int forced)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1) Environment.Exit(forced);
        _log.Stopping();
        _stop.Cancel();
    }
}
