using Microsoft.Extensions.Logging;

namespace Pipeline.Logging;

/// <summary>Messages of commands that do one thing and end; each is made whole where it is said.</summary>
internal static partial class ToolMessages
{
    [LoggerMessage(LogLevel.Information, "{Note}")]
    public static partial void Note(this ILogger log, string note);

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    public static partial void Warns(this ILogger log, string warning);

    [LoggerMessage(LogLevel.Error, "{Failure}")]
    public static partial void Fails(this ILogger log, string failure);
}
