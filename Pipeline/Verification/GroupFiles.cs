using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace Pipeline.Verification;

/// <summary>
/// Items in files, one for each group of names, so that no more than one group has to be in memory. Items of one name are in one group and come back in the
/// order in which they were added. The files are of one owner, used by one thread, and go with it.
/// </summary>
internal sealed class GroupFiles<T>(string folder, string kind, int groups, Action<BinaryWriter, T> write, Func<BinaryReader, T> read) : IDisposable
{
    private const int BufferBytes = 1 << 16;
    private readonly BinaryWriter[] _files = Open(folder, kind, groups);

    /// <summary>Adds an item to the group of its name (a key, a sample id).</summary>
    public void Add(string name, T item) =>
        write(_files[XxHash3.HashToUInt64(MemoryMarshal.AsBytes(name.AsSpan())) % (ulong)groups], item);

    /// <summary>Takes a group's items out: read once, and its file is gone behind the last.</summary>
    public IEnumerable<T> Take(int group)
    {
        using BinaryWriter file = _files[group];
        file.Flush();
        Stream items = file.BaseStream;
        items.Position = 0;
        using var reader = new BinaryReader(items, Encoding.UTF8, leaveOpen: true);
        for (long end = items.Length; items.Position < end;) yield return read(reader);
    }

    /// <summary>Deletes what was not taken.</summary>
    public void Dispose() => Close(_files);

    private static BinaryWriter[] Open(string folder, string kind, int groups)
    {
        var files = new List<BinaryWriter>();
        try
        {
            for (int group = 0; group < groups; group++)
            {
                string path = Path.Combine(folder, $"{kind}-{group}");
                files.Add(new BinaryWriter(new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, BufferBytes, FileOptions.DeleteOnClose)));
                // The file lives as long as it is open, and goes with a process that is killed too. Windows does the same by the option.
                if (!OperatingSystem.IsWindows()) File.Delete(path);
            }
            return [.. files];
        }
        catch
        {
            Close(files);
            throw;
        }
    }

    private static void Close(IEnumerable<BinaryWriter> files)
    {
        foreach (BinaryWriter file in files)
        {
            try
            {
                file.Dispose();
            }
            catch (IOException)
            {
                // What it still held was for a full disk, and nobody wants it any more.
            }
        }
    }
}
