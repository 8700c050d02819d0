using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pipeline.Blocks.Sinks;

/// <summary>The real files.</summary>
public sealed partial class FileStore : IFileStore
{
    private FileStore()
    {
    }

    /// <summary>The only one: it has no state.</summary>
    public static FileStore Real { get; } = new();

    /// <inheritdoc/>
    public SafeFileHandle Open(string path) => File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);

    /// <inheritdoc/>
    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long position) => RandomAccess.Write(file, bytes, position);

    /// <inheritdoc/>
    public void Sync(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    /// <inheritdoc/>
    public void SyncDirectory(string path)
    {
        // Windows makes names durable by itself, and opens no directories.
        if (OperatingSystem.IsWindows()) return;
        int directory = OpenDescriptor(path, ReadOnly);
        if (directory < 0) throw Failed("opening", path);
        try
        {
            if (SyncDescriptor(directory) != 0) throw Failed("fsync of", path);
        }
        finally
        {
            _ = CloseDescriptor(directory);
        }
    }

    /// <inheritdoc/>
    public void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        string temporary = path + ".tmp";
        using (SafeFileHandle file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, bytes, 0);
            RandomAccess.FlushToDisk(file);
        }
        File.Move(temporary, path, overwrite: true);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    private const int ReadOnly = 0;

    private static IOException Failed(string what, string path) => new($"{what} {path}: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());

    // .NET opens no directories, and has no other way to fsync one.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseDescriptor(int descriptor);
}
