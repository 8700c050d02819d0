namespace Pipeline.Reports;

/// <summary>Appends reports to a file; one that grows past its limit is set aside as <c>FILE.old</c>, and the one before that goes.</summary>
/// <remarks>Threading: one thread. A disk that is full loses reports, never the run.</remarks>
/// <param name="path">The file.</param>
/// <param name="mostBytes">Its limit.</param>
internal sealed class ReportFile(string path, long mostBytes = ReportFile.MostBytes)
{
    /// <summary>A day of text reports every 5 s is more; a week of JSON once a minute is less.</summary>
    public const long MostBytes = 64L << 20;

    /// <summary>Appends one.</summary>
    public void Append(string report)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true } there && there.Length >= mostBytes) File.Move(path, path + ".old", overwrite: true);
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.AppendAllText(path, report + "\n");
        }
        catch (IOException)
        {
            // The next interval tries again; what stops progress on a full disk is said by those whom it stops.
        }
    }
}
