using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Perf.Harness;

/// <summary>Takes files out of the system's page cache, so that they are read from the disk as after a loss of the machine. Linux only; elsewhere nothing.</summary>
internal static partial class PageCache
{
    private const int DontNeed = 4;

    public static void Drop(string folder)
    {
        if (!OperatingSystem.IsLinux()) return;
        foreach (string path in Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(file);
            if (Advise(file, 0, 0, DontNeed) != 0) throw new IOException($"{path}: its pages cannot be dropped from the cache.");
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
