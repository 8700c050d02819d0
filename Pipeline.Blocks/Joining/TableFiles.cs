using System.Globalization;

namespace Pipeline.Blocks.Joining;

/// <summary>The files of a table's directory: a log for each generation, since each restore writes the live windows into a new log.</summary>
internal static class TableFiles
{
    private const string First = "windows.log";

    /// <summary>Path of a generation's files without the segment number.</summary>
    public static string PrefixOf(string directory, int generation) =>
        Path.Combine(directory, generation == 0 ? First : string.Create(CultureInfo.InvariantCulture, $"windows-{generation}.log"));

    /// <summary>The generation a table begins with: one more than those found and kept, or the first when they are deleted.</summary>
    public static int Begin(string directory, bool keep)
    {
        Directory.CreateDirectory(directory);
        if (keep) return Found(directory).Select(file => file.Generation + 1).DefaultIfEmpty(0).Max();
        Delete(directory, (_, _) => true);
        return 0;
    }

    /// <summary>Deletes the files, by generation and segment, that the caller says yes to.</summary>
    public static void Delete(string directory, Func<int, int, bool> dead)
    {
        foreach ((int generation, int segment, string path) in Found(directory))
            if (dead(generation, segment)) File.Delete(path);
    }

    private static IEnumerable<(int Generation, int Segment, string Path)> Found(string directory)
    {
        foreach (string path in Directory.GetFiles(directory, "windows*.log.*"))
        {
            string[] parts = Path.GetFileName(path).Split('.');
            if (parts.Length != 3 || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int segment)) continue;
            if (parts[0] == "windows") yield return (0, segment, path);
            else if (int.TryParse(parts[0].AsSpan("windows-".Length), NumberStyles.None, CultureInfo.InvariantCulture, out int generation))
                yield return (generation, segment, path);
        }
    }
}
