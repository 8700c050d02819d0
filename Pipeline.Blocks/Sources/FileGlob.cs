using Microsoft.Extensions.FileSystemGlobbing;

namespace Pipeline.Blocks.Sources;

/// <summary>Finds the files that a path or glob of the job names.</summary>
/// <remarks><c>*</c> stands for any part of one name, <c>**</c> for any folders; case counts. A path without them names one file.</remarks>
public static class FileGlob
{
    /// <summary>The files there are now, each under the name that the job gives it, in ordinal order; empty: none.</summary>
    public static IReadOnlyList<string> Expand(string pattern)
    {
        int wildcard = pattern.IndexOf('*', StringComparison.Ordinal);
        if (wildcard < 0) return File.Exists(pattern) ? [pattern] : [];

        int cut = pattern.LastIndexOf(Path.DirectorySeparatorChar, wildcard) + 1;
        string root = pattern[..cut];
        if (!Directory.Exists(root.Length == 0 ? "." : root)) return [];
        var matcher = new Matcher(StringComparison.Ordinal);
        matcher.AddInclude(pattern[cut..]);
        List<string> found = [.. matcher.GetResultsInFullPath(root.Length == 0 ? "." : root)];
        string full = Path.GetFullPath(root.Length == 0 ? "." : root);
        for (int i = 0; i < found.Count; i++) found[i] = root + Path.GetRelativePath(full, found[i]);
        found.Sort(StringComparer.Ordinal);
        return found;
    }
}
