using CsCheck;
using Pipeline.Configuration;

namespace Pipeline.Tests.Configuration;

[TestClass]
public sealed class QuantityTests
{
    [TestMethod]
    [DataRow("500ms", 500L)]
    [DataRow("10s", 10_000L)]
    [DataRow("20m", 1_200_000L)]
    [DataRow("1h", 3_600_000L)]
    [DataRow("7d", 604_800_000L)]
    [DataRow("10.5m", 630_000L)]
    [DataRow("0s", 0L)]
    public void DurationWithUnit_IsRead(string text, long milliseconds)
    {
        Assert.IsTrue(Durations.TryParse(text, out TimeSpan duration));
        Assert.AreEqual(TimeSpan.FromMilliseconds(milliseconds), duration);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("10")]
    [DataRow("s")]
    [DataRow("-1s")]
    [DataRow("+1s")]
    [DataRow("1 s")]
    [DataRow("1S")]
    [DataRow("1,5s")]
    [DataRow("1.2.3s")]
    [DataRow("0.5ms")]
    [DataRow("1e3s")]
    [DataRow("99999999999d")]
    [DataRow("99999999999999999999999999999999s")]
    [DataRow("never")]
    public void AnythingElse_IsNoDuration(string text) => Assert.IsFalse(Durations.TryParse(text, out _));

    [TestMethod]
    [DataRow("512MiB", 536_870_912L)]
    [DataRow("1GiB", 1_073_741_824L)]
    [DataRow("1.5KiB", 1536L)]
    [DataRow("2TiB", 2_199_023_255_552L)]
    [DataRow("7B", 7L)]
    [DataRow("1048576", 1_048_576L)]
    [DataRow("9223372036854775807", long.MaxValue)]
    public void SizeWithUnit_IsRead(string text, long bytes)
    {
        Assert.IsTrue(Sizes.TryParse(text, out long size));
        Assert.AreEqual(bytes, size);
    }

    [TestMethod]
    [DataRow("1GB")]
    [DataRow("1.5B")]
    [DataRow("-1")]
    [DataRow("9223372036854775808")]
    [DataRow("8388608TiB")]
    public void AnythingElse_IsNoSize(string text) => Assert.IsFalse(Sizes.TryParse(text, out _));

    [TestMethod]
    [DataRow("10", "10s")]
    [DataRow("5 min", "5m")]
    [DataRow("3 Hours", "3h")]
    [DataRow("20M", "20m")]
    [DataRow("7w", null)]
    [DataRow("soon", null)]
    public void DurationInOtherUnits_IsGuessed(string text, string? meant) => Assert.AreEqual(meant, Durations.Suggest(text));

    [TestMethod]
    [DataRow("1GB", "1GiB")]
    [DataRow("512m", "512MiB")]
    [DataRow("much", null)]
    public void SizeInOtherUnits_IsGuessed(string text, string? meant) => Assert.AreEqual(meant, Sizes.Suggest(text));

    [TestMethod]
    public void EveryDuration_ReadsAsWhatItWasFormattedFrom() => Gen.Long[0, (long)TimeSpan.MaxValue.TotalMilliseconds].Sample(milliseconds =>
        Durations.TryParse(Durations.Format(TimeSpan.FromMilliseconds(milliseconds)), out TimeSpan duration) && duration == TimeSpan.FromMilliseconds(milliseconds));

    [TestMethod]
    public void EverySize_ReadsAsWhatItWasFormattedFrom() => Gen.Long[0, long.MaxValue].Sample(bytes =>
        Sizes.TryParse(Sizes.Format(bytes), out long size) && size == bytes);

    [TestMethod]
    public void Formats_AreTheShortest()
    {
        Assert.AreEqual("90s", Durations.Format(TimeSpan.FromSeconds(90)));
        Assert.AreEqual("1d", Durations.Format(TimeSpan.FromHours(24)));
        Assert.AreEqual("0s", Durations.Format(TimeSpan.Zero));
        Assert.AreEqual("never", Durations.Format(Timeout.InfiniteTimeSpan));
        Assert.AreEqual("3MiB", Sizes.Format(3 << 20));
        Assert.AreEqual("1025B", Sizes.Format(1025));
    }
}
