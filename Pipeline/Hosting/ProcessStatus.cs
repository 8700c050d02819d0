using System.Buffers.Text;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Hosting;

/// <summary>What the operating system says of this process's memory and threads.</summary>
/// <param name="RssBytes">Resident memory.</param>
/// <param name="PeakRssBytes">Greatest resident memory.</param>
/// <param name="Threads">Threads.</param>
/// <remarks>
/// Reports ask each second, all run long: on Linux from <c>/proc/self/status</c> (proc(5): VmRSS and VmHWM in KiB, Threads), where <see cref="Process"/> would read three files and make an
/// object for every thread. Elsewhere, and where a line is missing, from <see cref="Process"/>. Threading: any.
/// </remarks>
internal readonly record struct ProcessStatus(long RssBytes, long PeakRssBytes, int Threads)
{
    private const int MostBytes = 4096;
    private static readonly SafeFileHandle? Status = Open();

    /// <summary>As it is now.</summary>
    public static ProcessStatus Now()
    {
        if (Status is { } status)
        {
            Span<byte> text = stackalloc byte[MostBytes];
            text = text[..RandomAccess.Read(status, text, 0)];
            if (TryFind(text, "VmRSS:"u8, out long rss) && TryFind(text, "VmHWM:"u8, out long peak) && TryFind(text, "Threads:"u8, out long threads))
                return new ProcessStatus(rss << 10, peak << 10, (int)threads);
        }
        using var process = Process.GetCurrentProcess();
        return new ProcessStatus(process.WorkingSet64, process.PeakWorkingSet64, process.Threads.Count);
    }

    private static bool TryFind(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name, out long value)
    {
        value = 0;
        int at = text.IndexOf(name);
        return at >= 0 && Utf8Parser.TryParse(text[(at + name.Length)..].TrimStart(" \t"u8), out value, out _);
    }

    private static SafeFileHandle? Open()
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            return File.OpenHandle("/proc/self/status", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
            // A container may hide it.
            return null;
        }
    }
}
