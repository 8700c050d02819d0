using System.IO.Compression;

namespace Pipeline.Blocks.Sources;

/// <summary>The decompressed bytes of a gzip file, all its members.</summary>
internal static class GzipBytes
{
    // Without it a file that was cut ends silently, as if it were whole.
    static GzipBytes() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <summary>A stream over the file's own bytes, which it takes over; an end inside a member throws <see cref="InvalidDataException"/>, and reading may be tried again when the file has grown.</summary>
    public static Stream Open(Stream raw, int blockBytes) => new GZipStream(new BufferedStream(raw, blockBytes), CompressionMode.Decompress);
}
