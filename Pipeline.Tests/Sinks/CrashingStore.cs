using Microsoft.Win32.SafeHandles;
using Pipeline.Blocks.Sinks;

namespace Pipeline.Tests.Sinks;

/// <summary>The process is gone: nothing catches it but the test.</summary>
internal sealed class CrashException() : Exception("crash");

/// <summary>
/// Real files whose calls fail, or end the process, by chance; a crash takes any part of what was not synced, and cut writes leave their first half.
/// What is synced is only noted: the machine itself does not crash.
/// </summary>
internal sealed class CrashingStore(Random random) : IFileStore
{
    // The file sink commits beside its writes.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _synced = [];
    private readonly Dictionary<SafeFileHandle, string> _paths = [];

    /// <summary>One call in so many fails with a full disk; 0: none.</summary>
    public int FaultsOneIn { get; set; }

    /// <summary>One call in so many ends the process before it is done, half done, or done; 0: none.</summary>
    public int CrashesOneIn { get; set; }

    /// <summary>Takes unsynced bytes from the files, each as far as chance will have it.</summary>
    public void LoseUnsynced()
    {
        foreach ((string path, long synced) in _synced)
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            long length = RandomAccess.GetLength(file);
            if (length > synced) RandomAccess.SetLength(file, random.NextInt64(synced, length + 1));
        }
        _paths.Clear();
    }

    public SafeFileHandle Open(string path)
    {
        using Lock.Scope one = _lock.EnterScope();
        SafeFileHandle file = FileStore.Real.Open(path);
        _paths.Add(file, path);
        _synced[path] = Math.Min(_synced.GetValueOrDefault(path), RandomAccess.GetLength(file));
        return file;
    }

    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long position)
    {
        using Lock.Scope one = _lock.EnterScope();
        Crash();
        // Written behind a cut: what was synced there before is no longer what stands there.
        _synced[_paths[file]] = Math.Min(_synced[_paths[file]], position);
        if (Hits(FaultsOneIn))
        {
            FileStore.Real.Write(file, bytes[..(bytes.Length / 2)], position);
            throw Full();
        }
        FileStore.Real.Write(file, bytes, position);
        Crash();
    }

    public void Sync(SafeFileHandle file)
    {
        using Lock.Scope one = _lock.EnterScope();
        Crash();
        if (Hits(FaultsOneIn)) throw new IOException("Input/output error", 5);
        _synced[_paths[file]] = RandomAccess.GetLength(file);
        Crash();
    }

    public void SyncDirectory(string path)
    {
        using Lock.Scope one = _lock.EnterScope();
        Crash();
    }

    public void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        using Lock.Scope one = _lock.EnterScope();
        if (Hits(CrashesOneIn))
        {
            File.WriteAllBytes(path + ".tmp", bytes[..random.Next(bytes.Length)].ToArray());
            throw new CrashException();
        }
        if (Hits(FaultsOneIn)) throw Full();
        File.WriteAllBytes(path + ".tmp", bytes);
        File.Move(path + ".tmp", path, overwrite: true);
        Crash();
    }

    private bool Hits(int oneIn) => oneIn > 0 && random.Next(oneIn) == 0;

    private void Crash()
    {
        if (Hits(CrashesOneIn)) throw new CrashException();
    }

    private static IOException Full() => new("No space left on device", 28);
}
