using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Flow;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;

namespace Pipeline.Tests.Sources;

/// <summary>A folder of files and what a source over them needs.</summary>
internal sealed class FileSourceFixture : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("files-").FullName;

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.FromUnixTimeSeconds(1_750_000_000));

    public PartitionDirectory Directories { get; } = new();

    public string PathOf(string name) => Path.Combine(_folder, name);

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        File.WriteAllBytes(PathOf(name), name.EndsWith(".gz", StringComparison.Ordinal) ? Gzip(bytes) : bytes);
    }

    public void Append(string name, ReadOnlySpan<byte> bytes)
    {
        using var file = new FileStream(PathOf(name), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        file.Write(bytes);
    }

    public void Append(string name, string text) => Append(name, Encoding.UTF8.GetBytes(text));

    public static byte[] Gzip(ReadOnlySpan<byte> bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(bytes);
        return packed.ToArray();
    }

    public SourceContext Context(bool untilEnd) => new()
    {
        Directory = Directories,
        Pool = new RecordBatchPool(),
        Gate = new ReadGate(Directories, 60_000),
        Clock = Clock,
        Streams = [0],
        UntilEnd = untilEnd,
    };

    /// <summary>A source over paths of the folder.</summary>
    public FileSource Source(SourceContext context, params string[] names) =>
        new(new FileSourceOptions { Paths = [.. names.Select(PathOf)] }, context);

    /// <summary>Reads files to their end and returns what came.</summary>
    public async Task<SourceIntake> ReadAsync(SourceContext context, params string[] names)
    {
        var intake = new SourceIntake();
        FileSource source = Source(context, names);
        await source.OpenAsync(CancellationToken.None);
        await source.RunAsync(intake.Block, CancellationToken.None);
        await intake.CompleteAsync();
        return intake;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
