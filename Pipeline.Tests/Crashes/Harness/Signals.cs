using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Pipeline.Tests.Crashes;

/// <summary>A signal to one process, by its id.</summary>
internal static partial class Signals
{
    /// <summary>Ends it, and it cannot do anything about it.</summary>
    public const int Kill = 9;

    /// <summary>Asks it to drain and end.</summary>
    public const int Terminate = 15;

    /// <summary>Lets a stopped process go on (Linux's number).</summary>
    public const int Continue = 18;

    /// <summary>Stops it where it stands (Linux's number).</summary>
    public const int Stop = 19;

    private const int NoSuchProcess = 3;

    /// <summary>Sends a signal; false when there is no such process any more.</summary>
    public static bool Send(int pid, int signal)
    {
        if (SendSignal(pid, signal) == 0) return true;
        int error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);
}
