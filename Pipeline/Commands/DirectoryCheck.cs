using Pipeline.Blocks.Sources;

namespace Pipeline.Commands;

/// <summary>Looks at directories and files without leaving a trace.</summary>
internal static class DirectoryCheck
{
    /// <summary>Null when files can be made in a directory, or the directory itself can be made; else why not.</summary>
    public static string? WhyNotWritable(string directory)
    {
        string existing = directory;
        while (!Directory.Exists(existing))
        {
            if (File.Exists(existing)) return $"{existing} is a file";
            if (Path.GetDirectoryName(existing) is not { Length: > 0 } parent) return "no part of the path exists";
            existing = parent;
        }
        try
        {
            // Permission bits do not tell (read-only mounts, ACLs, root): only writing does.
            string probe = Path.Combine(existing, $".pipeline-probe-{Guid.NewGuid():N}");
            using FileStream file = new(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure.Message;
        }
    }

    /// <summary>Null when a path or glob names at least one readable file; else why not.</summary>
    public static string? WhyNothingToRead(string pattern)
    {
        IReadOnlyList<string> files = FileGlob.Expand(pattern);
        if (files.Count == 0) return "no file matches";
        foreach (string path in files)
        {
            try
            {
                using FileStream file = File.OpenRead(path);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                return failure.Message;
            }
        }
        return null;
    }
}
