using System.Globalization;
using System.Runtime.InteropServices;

namespace Pipeline.Hosting;

/// <summary>Lets the kernel back the managed heap, in which state and batches lie, with huge pages, where it leaves that to the program (<c>madvise</c>).</summary>
/// <remarks>
/// The window table is read and written at random over hundreds of mebibytes: with pages of 4 KiB nearly every access misses the processor's translation cache, which in a virtual
/// machine costs two walks through page tables, and each page's first touch is a fault. The collector reserves its whole range once and commits parts of it;
/// advice given to the range holds for what is committed later. Memory: a huge page counts as a whole once a byte of it is touched. Measured: perf/results/2026-11-24-speed.md.
/// Errors: none; without the kernel's consent all stays as it was. Source: <c>madvise(2)</c>, <c>proc(5)</c>.
/// </remarks>
internal static partial class HugePages
{
    private const int Advice = 14;

    /// <summary>Advises the heap's range; best before much of it is used.</summary>
    public static void Advise()
    {
        if (!OperatingSystem.IsLinux()) return;
        byte[] anywhere = GC.AllocateUninitializedArray<byte>(1, pinned: true);
        try
        {
            (ulong start, ulong end) = RangeAround((ulong)Marshal.UnsafeAddrOfPinnedArrayElement(anywhere, 0), File.ReadLines("/proc/self/maps"));
            if (end > start) _ = Madvise((nint)start, (nuint)(end - start), Advice);
        }
        catch (Exception unavailable) when (unavailable is IOException or UnauthorizedAccessException or EntryPointNotFoundException or DllNotFoundException)
        {
            // Slower, and nothing else.
        }
        GC.KeepAlive(anywhere);
    }

    /// <summary>The range of adjoining anonymous mappings that an address lies in; (0, 0) when there is none.</summary>
    internal static (ulong Start, ulong End) RangeAround(ulong address, IEnumerable<string> maps)
    {
        (ulong start, ulong end) = (0, 0);
        foreach (string line in maps)
        {
            // 7f0000000000-7f0000001000 rw-p 00000000 00:00 0        [name]
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] bounds = fields[0].Split('-');
            ulong from = ulong.Parse(bounds[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), to = ulong.Parse(bounds[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (fields is not [_, _, _, _, "0"]) continue;
            if (from != end)
            {
                if (address >= start && address < end) break;
                start = from;
            }
            end = to;
        }
        return address >= start && address < end ? (start, end) : (0, 0);
    }

    [LibraryImport("libc.so.6", EntryPoint = "madvise")]
    private static partial int Madvise(nint address, nuint length, int advice);
}
