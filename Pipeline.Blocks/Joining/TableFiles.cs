using System.Globalization;

namespace Pipeline.Blocks.Joining;

/// <summary>The files of a table's directory: a log for each generation, since each restore writes the live windows into a new log.</summary>
internal static class TableFiles
{
    private const string First = "windows.log";
    private const string Mark = "generation-";

    /// <summary>Path of a generation's files without the segment number.</summary>
    public static string PrefixOf(string directory, int generation) =>
        Path.Combine(directory, generation == 0 ? First : string.Create(CultureInfo.InvariantCulture, $"windows-{generation}.log"));

    /// <summary>
    /// Begins a generation: the one behind those found and kept, or the first when they are deleted. An empty file marks it, for a log that nothing was
    /// written to, or whose segments were all let go, has no other.
    /// </summary>
    public static int Begin(string directory, bool keep)
    {
        Directory.CreateDirectory(directory);
        if (!keep) Delete(directory, (_, _) => true);
        int generation = Newest(directory) + 1;
        File.WriteAllBytes(Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{Mark}{generation}")), []);
        return generation;
    }

    /// <summary>The newest generation that there is a file of; -1: none.</summary>
    public static int Newest(string directory) => Found(directory).Select(file => file.Generation).DefaultIfEmpty(-1).Max();

    /// <summary>
    /// Refuses to take a log for restorable of which neither a mark nor a segment is left: the table that restores it would begin the same generation over
    /// again, and what is kept of the one would be let go of as parts of the other.
    /// </summary>
    /// <param name="directory">The table's directory.</param>
    /// <param name="generation">The log that a snapshot needs.</param>
    /// <param name="newest">Newest generation found.</param>
    public static void RefuseUnmarked(string directory, int generation, int newest)
    {
        if (newest < generation)
            throw new InvalidDataException($"Window table in {directory}: expected files of generation {generation}, found {(newest < 0 ? "none" : $"generation {newest} as the newest")}.");
    }

    /// <summary>Deletes the files, by generation and segment, that the caller says yes to; a generation's mark has the segment <see cref="int.MaxValue"/>.</summary>
    public static void Delete(string directory, Func<int, int, bool> dead)
    {
        foreach ((int generation, int segment, string path) in Found(directory))
            if (dead(generation, segment)) File.Delete(path);
    }

    private static IEnumerable<(int Generation, int Segment, string Path)> Found(string directory)
    {
        foreach (string path in Directory.GetFiles(directory))
        {
            string name = Path.GetFileName(path);
            int generation = 0;
            if (name.StartsWith(Mark, StringComparison.Ordinal) && TryParse(name.AsSpan(Mark.Length), out generation))
            {
                yield return (generation, int.MaxValue, path);
                continue;
            }
            string[] parts = name.Split('.');
            if (parts.Length != 3 || parts[1] != "log" || !TryParse(parts[2], out int segment)) continue;
            if (parts[0] == "windows" || (parts[0].StartsWith("windows-", StringComparison.Ordinal) && TryParse(parts[0].AsSpan("windows-".Length), out generation)))
                yield return (generation, segment, path);
        }
    }

    private static bool TryParse(ReadOnlySpan<char> text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
