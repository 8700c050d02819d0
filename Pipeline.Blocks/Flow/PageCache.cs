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
/// Threading: any. Linux only; elsewhere nothing. Errors: an answer, which the pipeline passes over, for nothing it does depends on it.
/// </remarks>
internal static partial class PageCache
{
    private const int DontNeed = 4;
    private const uint Write = 2;

    /// <summary>Takes what is on disk of a range (of length 0: to the file's end) out of memory; what is not yet stays, and begins to be written. False when the system refused.</summary>
    public static bool Release(SafeFileHandle file, long from, long length) => !OperatingSystem.IsLinux() || Advise(file, from, length, DontNeed) == 0;

    /// <summary>Begins to write a range, and waits only while the disk takes no more. False when the system refused. A write that fails is told by the next fsync of this handle, not here.</summary>
    public static bool BeginWriteBack(SafeFileHandle file, long from, long length) => !OperatingSystem.IsLinux() || SyncRange(file, from, length, Write) == 0;

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncRange(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
