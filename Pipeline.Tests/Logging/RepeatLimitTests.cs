using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Pipeline.Blocks.Telemetry;
using Pipeline.Logging;

namespace Pipeline.Tests.Logging;

[TestClass]
public sealed class RepeatLimitTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly StringWriter _output = new();

    public void Dispose() => _output.Dispose();

    [TestMethod]
    public void RepeatedMessage_IsWrittenOnce_AndThenWithItsCountEachTenSeconds()
    {
        using EventLog log = Open();

        Refuse(log, 1, 2, 3);
        Assert.AreEqual("1", Written());
        _clock.Advance(TimeSpan.FromSeconds(9.999));
        Refuse(log, 4);
        Assert.AreEqual("1", Written());
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.AreEqual("1, 4 (3)", Written());
        Refuse(log, 5);
        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.AreEqual("1, 4 (3), 5 (1)", Written());
    }

    [TestMethod]
    public void MessageThatComesAgainAfterAQuietInterval_IsWrittenAtOnce()
    {
        using EventLog log = Open();

        Refuse(log, 1);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Refuse(log, 2);

        Assert.AreEqual("1, 2", Written());
    }

    [TestMethod]
    public void OtherThings_AreOtherMessages()
    {
        using EventLog log = Open();

        log.RecordRefused("click", "malformed", "clicks", 0, 1);
        log.RecordRefused("click", "malformed", "clicks", 1, 2);
        log.RecordRefused("click", "empty", "clicks", 0, 3);
        log.With("job", "another").RecordRefused("click", "malformed", "clicks", 0, 4);
        log.ReadFrom("clicks", 0, 5);

        Assert.AreEqual("1, 2, 3, 4, 5", Written());
    }

    [TestMethod]
    public void IntervalsOfMessages_AreTheirOwn()
    {
        using EventLog log = Open();

        log.RecordRefused("click", "empty", "clicks", 0, 1);
        _clock.Advance(TimeSpan.FromSeconds(6));
        log.RecordRefused("click", "malformed", "clicks", 0, 2);
        log.RecordRefused("click", "malformed", "clicks", 0, 3);
        log.RecordRefused("click", "empty", "clicks", 0, 4);
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.AreEqual("1, 2, 4 (1)", Written());
        _clock.Advance(TimeSpan.FromSeconds(6));

        Assert.AreEqual("1, 2, 4 (1), 3 (1)", Written());
    }

    [TestMethod]
    public void CountStillOwedAtTheEnd_IsWritten()
    {
        EventLog log = Open();

        Refuse(log, 1, 2, 3);
        log.Dispose();
        Refuse(log, 4);

        Assert.AreEqual("1, 3 (2), 4", Written(), "what comes behind the end is written, too");
    }

    [TestMethod]
    public void FloodOfDifferentMessages_IsHeldByTheirTemplates()
    {
        using EventLog log = Open();

        for (int partition = 0; partition < 100_000; partition++) log.RecordRefused("click", "malformed", "clicks", partition, partition);
        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.IsLessThan(1_100, Written().Split(',').Length);
        StringAssert.EndsWith(Written(), "99999 (98999)");
    }

    private EventLog Open() => EventLog.Open(_output, new EventLogOptions { Form = EventForm.Json, Least = Microsoft.Extensions.Logging.LogLevel.Debug }, _clock);

    private static void Refuse(EventLog log, params long[] offsets)
    {
        foreach (long offset in offsets) log.RecordRefused("click", "malformed", "clicks", 0, offset);
    }

    /// <summary>Offsets of the lines, each with its count.</summary>
    private string Written() => string.Join(", ", _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line =>
    {
        JsonElement one = JsonDocument.Parse(line).RootElement;
        return $"{one.GetProperty("offset")}{(one.TryGetProperty("repeated", out JsonElement repeated) ? $" ({repeated})" : "")}";
    }));
}
