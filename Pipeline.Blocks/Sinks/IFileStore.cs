using Microsoft.Win32.SafeHandles;
using Pipeline.Blocks.Flow;

namespace Pipeline.Blocks.Sinks;

/// <summary>The calls that make output and checkpoints durable: the seam at which tests put faults in.</summary>
/// <remarks>Threading: a file is synced, begins to be written back or has memory given back, and the file of commits is replaced, while another thread writes; else one caller at a time. Errors: the operating system's, as <see cref="IOException"/>.</remarks>
public interface IFileStore
{
    /// <summary>Opens a file to write anywhere in it; made when missing.</summary>
    SafeFileHandle Open(string path);

    /// <summary>Writes all bytes at a position; may be repeated after an error.</summary>
    void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long position);

    /// <summary>Makes the file's bytes durable. After an error what was written before it may be lost, even if a repeated call reports success.</summary>
    void Sync(SafeFileHandle file);

    /// <summary>Has the disk begin to write a range; durable it is after <see cref="Sync"/>. After an error what is in it may be lost, even if <see cref="Sync"/> reports success.</summary>
    void BeginWriteBack(SafeFileHandle file, long from, long length) => PageCache.BeginWriteBack(file, from, length);

    /// <summary>Gives back the memory in which the system keeps a range that is durable and will not be read soon.</summary>
    void Release(SafeFileHandle file, long from, long length) => PageCache.Release(file, from, length);

    /// <summary>Makes the names in a directory durable.</summary>
    void SyncDirectory(string path);

    /// <summary>Gives a file another name, at once, in place of what had it; durable when the directory is synced.</summary>
    void Move(string from, string to) => File.Move(from, to, overwrite: true);

    /// <summary>Replaces a file at once and durably: its readers see all of the old or all of the new bytes. May be repeated after an error.</summary>
    void Replace(string path, ReadOnlySpan<byte> bytes);
}
