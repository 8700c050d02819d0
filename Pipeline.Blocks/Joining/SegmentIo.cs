using Microsoft.Win32.SafeHandles;

namespace Pipeline.Blocks.Joining;

/// <summary>The calls a device makes on its files: the seam at which tests put faults in.</summary>
/// <remarks>Threading: any. Results may be short, as the operating system's are; the device checks them.</remarks>
internal class SegmentIo
{
    /// <summary>The real calls.</summary>
    public static SegmentIo Real { get; } = new();

    /// <summary>Reads up to the buffer's length; returns the bytes read, 0 at the end of the file.</summary>
    public virtual int Read(SafeFileHandle file, Span<byte> buffer, long offset) => RandomAccess.Read(file, buffer, offset);

    /// <summary>Writes up to the buffer's length; returns the bytes written.</summary>
    public virtual int Write(SafeFileHandle file, ReadOnlySpan<byte> buffer, long offset)
    {
        RandomAccess.Write(file, buffer, offset);
        return buffer.Length;
    }

    /// <summary>Makes what was written durable.</summary>
    public virtual void Sync(SafeFileHandle file) => RandomAccess.FlushToDisk(file);
}
