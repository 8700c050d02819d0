using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Checkpoints;

/// <summary>XXH128 of bytes, as checkpoints write it: 32 lower-case hex digits.</summary>
internal static class FileChecksum
{
    private const int PieceBytes = 64 << 10;

    /// <summary>Of a whole file.</summary>
    public static string Of(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        var hash = new XxHash128();
        // Not by a stream, whose copy takes some 100 KB of memory at each checkpoint.
        Span<byte> piece = stackalloc byte[PieceBytes];
        long position = 0;
        for (int read; (read = RandomAccess.Read(file, piece, position)) > 0; position += read) hash.Append(piece[..read]);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>Of bytes in memory.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(XxHash128.Hash(bytes));
}
