using Microsoft.Extensions.Logging;

namespace Pipeline.Logging;

/// <summary>Form of an event's line.</summary>
internal enum EventForm
{
    /// <summary>Time, level, message, and the fields that the message does not name.</summary>
    Text,

    /// <summary>The message alone: what a tool says to the one who called it.</summary>
    Plain,

    /// <summary>A JSON object.</summary>
    Json,
}

/// <summary>How the events of a process look and which are written.</summary>
internal sealed record EventLogOptions
{
    /// <summary>Form of a line.</summary>
    public EventForm Form { get; init; }

    /// <summary>Events below it are not written.</summary>
    public LogLevel Least { get; init; } = LogLevel.Information;

    /// <summary>Whether the level is coloured.</summary>
    public bool Color { get; init; }

    /// <summary>Takes secrets out of a text, whoever made it.</summary>
    public Func<string, string> Mask { get; init; } = static text => text;

    /// <summary>A message that comes again within this is counted and not written; zero: every one is written.</summary>
    public TimeSpan RepeatInterval { get; init; } = TimeSpan.FromSeconds(10);
}
