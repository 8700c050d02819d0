using Pipeline.Blocks.Flow;

namespace Pipeline.Tests.Flow;

[TestClass]
public sealed class SafePositionsTests
{
    private const long Minute = 60_000;
    private const long Ten = 1_764_064_800_000;

    [TestMethod]
    public void PositionsAreSafe_OnceEveryWindowThatCouldHoldTheirEventsIsClosed()
    {
        var sut = new SafePositions(20 * Minute);
        sut.Note(Ten, [100]);
        sut.Note(Ten + 5 * Minute, [200]);

        Assert.IsNull(sut.At(Ten + 20 * Minute - 1));
        CollectionAssert.AreEqual(new[] { 100L }, sut.At(Ten + 20 * Minute));
        CollectionAssert.AreEqual(new[] { 100L }, sut.At(Ten + 24 * Minute));
        CollectionAssert.AreEqual(new[] { 200L }, sut.At(Ten + 25 * Minute));
    }

    [TestMethod]
    public void AfterTheEnd_EverythingIsSafe()
    {
        var sut = new SafePositions(20 * Minute);
        sut.Note(Ten, [100]);

        CollectionAssert.AreEqual(new[] { 100L }, sut.At(long.MaxValue));
    }
}
