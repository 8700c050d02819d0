using System.Runtime.InteropServices;

namespace Pipeline.Commands;

/// <summary>SIGINT and SIGTERM: the first asks for a drain, the second ends the process at once with 130 or 143.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly TextWriter _messages;
    private int _signals;

    public StopSignals(TextWriter messages)
    {
        _messages = messages;
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
        _messages.WriteLine("stopping: draining what was read (a second signal ends at once)");
        _stop.Cancel();
    }
}
