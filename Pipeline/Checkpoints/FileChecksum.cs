using System.IO.Hashing;

namespace Pipeline.Checkpoints;

/// <summary>XXH128 of bytes, as checkpoints write it: 32 lower-case hex digits.</summary>
internal static class FileChecksum
{
    /// <summary>Of a whole file.</summary>
    public static string Of(string path)
    {
        using FileStream file = File.OpenRead(path);
        var hash = new XxHash128();
        hash.Append(file);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>Of bytes in memory.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(XxHash128.Hash(bytes));
}
