namespace Pipeline.Commands;

/// <summary>What the process says to its caller; the numbers of sysexits.h.</summary>
internal static class ExitCodes
{
    /// <summary>Done, or stopped on request.</summary>
    public const int Done = 0;

    /// <summary>A check ran and said no.</summary>
    public const int CheckFailed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 64;

    /// <summary>Data refused: a corrupt checkpoint, none usable, a finished state.</summary>
    public const int DataRefused = 65;

    /// <summary>Broker or sink unavailable past its limit.</summary>
    public const int Unavailable = 69;

    /// <summary>A bug of this program.</summary>
    public const int Bug = 70;

    /// <summary>I/O error, disk full.</summary>
    public const int InputOutput = 74;

    /// <summary>Another instance has the job, or took it.</summary>
    public const int Fenced = 75;

    /// <summary>The configuration is wrong.</summary>
    public const int Configuration = 78;

    /// <summary>Forced to stop by a second SIGINT.</summary>
    public const int Interrupted = 130;

    /// <summary>Forced to stop by a second SIGTERM.</summary>
    public const int Terminated = 143;
}
