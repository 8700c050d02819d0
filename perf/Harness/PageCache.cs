using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Perf.Harness;

/// <summary>
/// Takes files out of the system's page cache, so that they are read from the disk as after a loss of the machine, and has the system write what it holds back: what the run before left would
/// be written while the next is measured, and only the program, which waits for the disk when it commits, would pay for it. Linux only; elsewhere nothing.
/// </summary>
internal static partial class PageCache
{
    public static void Drop(string folder)
    {
        if (!OperatingSystem.IsLinux()) return;
        foreach (string path in Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(file);
            if (!Blocks.Flow.PageCache.Release(file, 0, 0)) throw new IOException($"{path}: its pages cannot be dropped from the cache.");
        }
    }

    /// <summary>Waits until everything written so far, by anyone, is on disk.</summary>
    public static void WriteOut()
    {
        if (OperatingSystem.IsLinux()) WriteOutAll();
    }

    [LibraryImport("libc", EntryPoint = "sync")]
    private static partial void WriteOutAll();
}
