using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Blocks.Flow;

/// <summary>
/// Tells the system what to do with the memory in which it keeps what was written to files: give back what will not be read soon, so that what is written next is put there; begin to write what
/// will soon have to be durable.
/// </summary>
/// <remarks>
/// In a virtual machine a page that was given to nobody before has to be had from the host first: measured, 743 MB/s of writes to a new file against 8 GB/s where
/// another file's pages were free (perf/results/2026-11-29.md).
/// Threading: any. Linux only; elsewhere nothing.
/// </remarks>
internal static partial class PageCache
{
    private const int DontNeed = 4;
    private const uint Write = 2;

    // EPERM, EINVAL, ESPIPE, ENOSYS: a file, kernel or sandbox without it.
    private static readonly int[] NoSuchCall = [1, 22, 29, 38];

    /// <summary>Takes what is on disk of a range (of length 0: to the file's end) out of memory; what is not yet stays, and begins to be written. False when the system refused, which changes nothing else.</summary>
    public static bool Release(SafeFileHandle file, long from, long length) => !OperatingSystem.IsLinux() || Advise(file, from, length, DontNeed) == 0;

    /// <summary>Places a range on the disk and begins to write it; waits for the file system, and while the disk takes no more. Where files have no such call: nothing.</summary>
    /// <remarks>A write that fails later is told by the next fsync of the handle. One that cannot be placed is told here, and perhaps only here: ext4 then drops the range's pages, and fsync has nothing to complain of.</remarks>
    /// <exception cref="IOException">The range, or a part of it, may be lost.</exception>
    public static void BeginWriteBack(SafeFileHandle file, long from, long length)
    {
        if (!OperatingSystem.IsLinux() || SyncRange(file, from, length, Write) == 0) return;
        int error = Marshal.GetLastPInvokeError();
        if (Array.IndexOf(NoSuchCall, error) < 0) throw new IOException($"sync_file_range of {length} bytes at {from}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int SyncRange(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
