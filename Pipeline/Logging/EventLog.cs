using Microsoft.Extensions.Logging;

namespace Pipeline.Logging;

/// <summary>The process's log: one event a line, of the level asked for, without secrets, a repeated message once in a while with its count.</summary>
/// <remarks>
/// Threading: any. Ownership: the log that was opened is disposed of by its opener, which writes the counts still owed; those made by <see cref="With"/> share
/// its output. Errors: an output that is gone (a closed pipe) loses events and stops nobody.
/// </remarks>
internal sealed class EventLog : ILogger, IDisposable
{
    /// <summary>Name under which a message's template comes with its values.</summary>
    private const string TemplateName = "{OriginalFormat}";

    private readonly EventLogOptions _options;
    private readonly TimeProvider _clock;
    private readonly RepeatLimit _limit;
    private readonly KeyValuePair<string, object?>[] _fields;

    private EventLog(EventLogOptions options, TimeProvider clock, RepeatLimit limit, KeyValuePair<string, object?>[] fields) =>
        (_options, _clock, _limit, _fields) = (options, clock, limit, fields);

    /// <summary>Opens a log over a writer, which stays the caller's.</summary>
    public static EventLog Open(TextWriter output, EventLogOptions options, TimeProvider clock)
    {
        void Write(LogEvent one)
        {
            try
            {
                output.WriteLine(EventFormat.Line(one, options));
            }
            catch (Exception gone) when (gone is IOException or ObjectDisposedException)
            {
                // Nobody reads it any more; the job goes on.
            }
        }

        return new EventLog(options, clock, new RepeatLimit(options.RepeatInterval, clock, Write), []);
    }

    /// <summary>The same log, with a field in every event.</summary>
    public EventLog With(string name, object? value) => new(_options, _clock, _limit, [.. _fields, new(name, Masked(value))]);

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= _options.Least && logLevel != LogLevel.None;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        string message = _options.Mask(formatter(state, exception));
        string template = message;
        List<KeyValuePair<string, object?>> fields = [.. _fields];
        foreach ((string name, object? value) in state as IReadOnlyList<KeyValuePair<string, object?>> ?? [])
        {
            if (name == TemplateName) template = value as string ?? message;
            else fields.Add(new(name, Masked(value)));
        }
        string? cause = exception is null ? null : _options.Mask(exception.ToString());
        _limit.Offer(new LogEvent(_clock.GetUtcNow(), logLevel, template, message, fields, cause));
    }

    private object? Masked(object? value) => value is string text ? _options.Mask(text) : value;

    /// <inheritdoc/>
    public void Dispose() => _limit.Dispose();
}
