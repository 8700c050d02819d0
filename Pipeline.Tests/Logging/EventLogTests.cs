using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Telemetry;
using Pipeline.Logging;

namespace Pipeline.Tests.Logging;

[TestClass]
public sealed class EventLogTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2025, 11, 24, 12, 32, 15, 17, TimeSpan.Zero));
    private readonly StringWriter _output = new();

    public void Dispose() => _output.Dispose();

    private string[] Lines => _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    [TestMethod]
    public void TextLine_HasTimeLevelMessage_AndFieldsTheMessageDoesNotName()
    {
        using EventLog log = Open(new EventLogOptions());

        log.With("job", "feed-ctr").With("stream", "click log").TopicAway("samples", "b:1", "refused");

        Assert.AreEqual(
            "2025-11-24T12:32:15.017Z warning Topic samples: no connection to b:1: refused. Records wait; nothing is lost meanwhile. job=feed-ctr stream=\"click log\"",
            Lines.Single());
    }

    [TestMethod]
    public void JsonLine_HasEveryFieldOfItsOwnType()
    {
        using EventLog log = Open(new EventLogOptions { Form = EventForm.Json });

        log.With("job", "feed-ctr").With("time", "the job's, not the event's").RecordRefused("click", "malformed", "clicks", 3, 5_000_000_000);

        Assert.AreEqual(
            """{"time":"2025-11-24T12:32:15.017Z","level":"warning","message":"a record of stream click went to the dead letters as malformed: clicks, partition 3, offset 5000000000","job":"feed-ctr","stream":"click","refusal":"malformed","topic":"clicks","partition":3,"offset":5000000000}""",
            Lines.Single());
    }

    [TestMethod]
    [DataRow("a \"quoted\" \\ text\r\nof two lines \u001b[31m with \0 and é 漢 \ud800")]
    [DataRow("")]
    public void AnyText_IsOneLine_AndValidJson(string reason)
    {
        using EventLog json = Open(new EventLogOptions { Form = EventForm.Json }), text = Open(new EventLogOptions());

        json.Stopped(reason);
        text.With("job", reason).Stopped(reason);

        Assert.HasCount(2, Lines);
        Assert.AreEqual("error", JsonDocument.Parse(Lines[0]).RootElement.GetProperty("level").GetString());
        StringAssert.Contains(Lines[1], "error   stopped: ");
    }

    [TestMethod]
    public void Bug_IsOneEvent_WithItsWholeTrace()
    {
        using EventLog json = Open(new EventLogOptions { Form = EventForm.Json }), text = Open(new EventLogOptions());
        var bug = new InvalidOperationException("two\nlines", new IOException("inner"));

        json.StoppedByBug(bug);
        text.StoppedByBug(bug);

        Assert.AreEqual(bug.ToString(), JsonDocument.Parse(Lines[0]).RootElement.GetProperty("exception").GetString());
        Assert.AreEqual($"2025-11-24T12:32:15.017Z error   stopped by a bug: {bug.ToString().ReplaceLineEndings("\\n")}", Lines[1]);
    }

    [TestMethod]
    [DataRow(LogLevel.Warning, "warning error")]
    [DataRow(LogLevel.Information, "info warning error")]
    [DataRow(LogLevel.Debug, "debug info warning error")]
    public void EventsBelowTheLevelAskedFor_AreNotWritten(LogLevel least, string written)
    {
        using EventLog log = Open(new EventLogOptions { Form = EventForm.Json, Least = least });

        log.ReadFrom("click", 0, 1);
        log.Delivery("exactly-once");
        log.FromScratch();
        log.Stopped("why");

        Assert.AreEqual(written, string.Join(' ', Lines.Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("level").GetString())));
    }

    [TestMethod]
    [DataRow(EventForm.Text)]
    [DataRow(EventForm.Json)]
    [DataRow(EventForm.Plain)]
    public void Secret_IsMasked_WhereverItStands(object form)
    {
        const string Secret = "s3cr3t\"é\\";
        using EventLog log = Open(new EventLogOptions { Form = (EventForm)form, Mask = static text => text.Replace(Secret, "***", StringComparison.Ordinal) });

        log.With("note", $"of {Secret}").TopicAway(Secret, "b:1", $"refused {Secret}");
        log.StoppedByBug(new InvalidOperationException(Secret, new IOException(Secret)));

        Assert.IsGreaterThan(2, _output.ToString().Split("***").Length);
        Assert.DoesNotContain("s3cr3t", _output.ToString());
    }

    [TestMethod]
    public void Color_IsOfTheLevel_AndOnlyWhenAskedFor()
    {
        using EventLog plain = Open(new EventLogOptions()), colored = Open(new EventLogOptions { Color = true }), json = Open(new EventLogOptions { Color = true, Form = EventForm.Json });

        foreach (EventLog log in (EventLog[])[plain, colored, json]) log.Stopped("why");

        Assert.DoesNotContain("\u001b", Lines[0]);
        StringAssert.Contains(Lines[1], "\u001b[31merror\u001b[0m   stopped: why");
        Assert.DoesNotContain("\\u001b", Lines[2]);
    }

    [TestMethod]
    public void OutputThatIsGone_StopsNobody()
    {
        _output.Dispose();
        using EventLog log = Open(new EventLogOptions());

        log.Delivery("exactly-once");
    }

    private EventLog Open(EventLogOptions options) => EventLog.Open(_output, options, _clock);
}
