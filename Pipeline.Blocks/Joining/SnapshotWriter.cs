using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Pipeline.Blocks.Joining;

/// <summary>Writes one snapshot file: a head, what the parts of a lane say of themselves, and a checksum over all of it.</summary>
/// <remarks>
/// Values are written as their own bytes, for a restart on the same machine type. Threading: one thread. Memory: one buffer.
/// Errors: I/O errors throw; a file without its <see cref="Finish"/> is refused by <see cref="SnapshotReader"/>.
/// </remarks>
public sealed class SnapshotWriter : IDisposable
{
    /// <summary>First bytes of every snapshot: "LANE" in ASCII, little-endian.</summary>
    internal const uint Magic = 0x454E_414C;

    /// <summary>Format of what follows.</summary>
    internal const uint FormatVersion = 1;

    private readonly FileStream _file;
    private readonly XxHash128 _hash = new();
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _used;

    /// <summary>Begins a file, in place of one that is there.</summary>
    public SnapshotWriter(string path)
    {
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        Write(Magic);
        Write(FormatVersion);
    }

    /// <summary>Appends a value.</summary>
    public void Write<T>(in T value) where T : unmanaged => WriteBytes(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Appends values with their number.</summary>
    public void WriteMany<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        Write(values.Length);
        WriteBytes(MemoryMarshal.AsBytes(values));
    }

    /// <summary>Appends bytes whose number the reader knows.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > _buffer.Length - _used)
        {
            int part = _buffer.Length - _used;
            bytes[..part].CopyTo(_buffer.AsSpan(_used));
            _used += part;
            bytes = bytes[part..];
            Drain();
        }
        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    /// <summary>Appends the checksum and makes the file durable; its directory entry is the caller's to sync.</summary>
    public void Finish()
    {
        Drain();
        _file.Write(_hash.GetCurrentHash());
        _file.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Drain()
    {
        _hash.Append(_buffer.AsSpan(0, _used));
        _file.Write(_buffer.AsSpan(0, _used));
        _used = 0;
    }
}
