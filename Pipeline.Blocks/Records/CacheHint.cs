using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Pipeline.Blocks.Records;

/// <summary>Brings memory into the processor's cache before it is read, so that the waits of several reads overlap.</summary>
/// <remarks>
/// Threading: any. Duty of the unsafe code: an address is only hinted at, never read, and a hint of any address cannot fault; what lies behind the end of an array may be hinted at, and a
/// collection that moves the array makes a hint useless and no more. On processors without the instruction: nothing.
/// </remarks>
internal static unsafe class CacheHint
{
    private const int LineBytes = 64;

    /// <summary>Hints at so many lines from so many bytes behind the first on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Lines(ReadOnlySpan<byte> bytes, int offset, int lines) => Lines((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes)) + offset, lines);

    /// <summary>Hints at so many lines from an element on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Lines<T>(T[] array, int index, int lines) where T : unmanaged => Lines((byte*)((T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array)) + index), lines);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lines(byte* address, int lines)
    {
        if (!Sse.IsSupported) return;
        for (int line = 0; line < lines; line++) Sse.Prefetch0(address + (line * LineBytes));
    }
}
