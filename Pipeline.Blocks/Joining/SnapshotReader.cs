using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pipeline.Blocks.Joining;

/// <summary>Reads a snapshot file, once its checksum has been found right from end to end.</summary>
/// <remarks>Threading: one thread. Errors: <see cref="InvalidDataException"/> for a missing, damaged or foreign file; I/O errors throw.</remarks>
public sealed class SnapshotReader : IDisposable
{
    private const int HashBytes = 16;

    private readonly FileStream _file;

    /// <summary>Opens a file and checks it.</summary>
    public SnapshotReader(string path)
    {
        if (!File.Exists(path)) throw new InvalidDataException($"Snapshot {path}: expected a file, found none.");
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 64 << 10);
        try
        {
            Check();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a value.</summary>
    public T Read<T>() where T : unmanaged
    {
        Unsafe.SkipInit(out T value);
        ReadBytes(MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    /// <summary>Reads values with their number.</summary>
    public T[] ReadMany<T>() where T : unmanaged
    {
        var values = new T[Read<int>()];
        ReadBytes(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Reads bytes whose number is known.</summary>
    public void ReadBytes(Span<byte> target) => _file.ReadExactly(target);

    /// <summary>Passes over bytes.</summary>
    internal void Skip(int bytes) => _file.Seek(bytes, SeekOrigin.Current);

    /// <summary>Everything that was written is read.</summary>
    internal void ExpectEnd()
    {
        long body = _file.Length - HashBytes;
        if (_file.Position != body) throw Damaged($"expected {_file.Position} bytes before the checksum, found {body}");
    }

    /// <summary>Reads a value that has to be what this lane was configured to.</summary>
    public void Expect<T>(T expected, string what) where T : unmanaged, IEquatable<T>
    {
        T found = Read<T>();
        if (!found.Equals(expected)) throw Damaged($"expected {what} {expected}, found {found}");
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Check()
    {
        long body = _file.Length - HashBytes;
        if (body < 2 * sizeof(uint)) throw Damaged($"expected a head and a checksum, found {_file.Length} bytes");
        var hash = new XxHash128();
        byte[] buffer = new byte[64 << 10];
        for (long left = body; left > 0;)
        {
            int part = (int)Math.Min(left, buffer.Length);
            _file.ReadExactly(buffer.AsSpan(0, part));
            hash.Append(buffer.AsSpan(0, part));
            left -= part;
        }
        UInt128 expected = Read<UInt128>();
        UInt128 found = MemoryMarshal.Read<UInt128>(hash.GetCurrentHash());
        if (expected != found) throw Damaged($"expected the checksum {expected:x32}, found {found:x32}");
        _file.Position = 0;
        Expect(SnapshotWriter.Magic, "a lane's snapshot, first bytes");
        Expect(SnapshotWriter.FormatVersion, "format version");
    }

    private InvalidDataException Damaged(string what) => new($"Snapshot {_file.Name}: {what}.");
}
