using Microsoft.Win32.SafeHandles;

namespace Pipeline.Blocks.Joining;

/// <summary>Reads a log that is not written any more, by address.</summary>
/// <remarks>Threading: one thread. Errors: <see cref="InvalidDataException"/> where a file is missing or ends early.</remarks>
/// <param name="prefix">Path without the segment number.</param>
/// <param name="segmentBits">log2 of a file's bytes.</param>
internal sealed class TableSegments(string prefix, int segmentBits) : IDisposable
{
    private SafeFileHandle? _file;
    private long _segment = -1;

    /// <summary>The file that an address lies in.</summary>
    public string PathOf(long address) => $"{prefix}.{address >> segmentBits}";

    /// <summary>Fills the buffer, which lies within one file.</summary>
    public void Read(long address, Span<byte> buffer)
    {
        string path = PathOf(address);
        if (_segment != address >> segmentBits)
        {
            _file?.Dispose();
            if (!File.Exists(path)) throw new InvalidDataException($"State file {path}: expected a file, found none.");
            // Whoever looks on while a lane runs is not to keep it from its files.
            _file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete, options: FileOptions.SequentialScan);
            _segment = address >> segmentBits;
        }
        long offset = address & ((1L << segmentBits) - 1);
        for (int done = 0; done < buffer.Length;)
        {
            int read = RandomAccess.Read(_file!, buffer[done..], offset + done);
            if (read == 0) throw new InvalidDataException($"State file {path}: read at {offset}: expected {buffer.Length} bytes, found {done}.");
            done += read;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
