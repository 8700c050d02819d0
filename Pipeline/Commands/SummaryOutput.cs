using Pipeline.Hosting;

namespace Pipeline.Commands;

/// <summary>Where the summary goes: the one line of standard output, and a file when one is named.</summary>
internal static class SummaryOutput
{
    /// <summary>Writes it.</summary>
    public static async Task WriteAsync(JobSummary summary, string? file, TextWriter output)
    {
        string json = summary.ToJson();
        await output.WriteLineAsync(json).ConfigureAwait(false);
        if (file is not null) await File.WriteAllTextAsync(file, json + "\n").ConfigureAwait(false);
    }
}
