using System.Numerics;
using Pipeline.Blocks.Joining;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class FasterTableLayoutTests
{
    [TestMethod]
    [DataRow(0L)]
    [DataRow(5L << 20)]
    [DataRow(16L << 20)]
    [DataRow(100_000_000L)]
    [DataRow(512L << 20)]
    [DataRow(1L << 30)]
    [DataRow(7L << 30)]
    public void AnyBudget_IsKeptAndWellSplit(long memoryBytes)
    {
        FasterTableLayout sut = FasterTableLayout.For(memoryBytes);

        long taken = FasterTableLayout.OverflowChunkBytes + sut.IndexBytes + ((long)sut.Pages * sut.PageBytes);
        Assert.IsLessThanOrEqualTo(Math.Max(memoryBytes, FasterTableLayout.FloorBytes), taken);
        Assert.IsGreaterThan(memoryBytes * 9 / 10, taken);
        Assert.IsTrue(BitOperations.IsPow2(sut.IndexBytes) && BitOperations.IsPow2(sut.PageBytes));
        Assert.IsLessThan(1L << 30, sut.IndexBytes);
        Assert.IsGreaterThanOrEqualTo(FasterTableLayout.FewestPages, sut.Pages);
        Assert.IsGreaterThan((long)sut.Pages * sut.PageBytes, 1L << sut.RingBits);
    }

    [TestMethod]
    public void GrowingIndex_TakesPagesFromTheLogDownToTheFewest()
    {
        FasterTableLayout sut = FasterTableLayout.For(64 << 20);

        Assert.AreEqual(sut.Pages, sut.PagesBeside(FasterTableLayout.OverflowChunkBytes));
        Assert.AreEqual(sut.Pages - 4 - ((8 << 20) / sut.PageBytes), sut.PagesBeside(3 * FasterTableLayout.OverflowChunkBytes));
        Assert.AreEqual(FasterTableLayout.FewestPages, sut.PagesBeside(1L << 40));
    }

    [TestMethod]
    [DataRow(0L, 0.0)]
    [DataRow(5L << 20, 0.2)]
    [DataRow(512L << 20, 0.2)]
    [DataRow(7L << 30, 0.2)]
    public void TouchedStates_GetAFifthOfTheLogsPagesWhereItCanGiveAny(long memoryBytes, double share)
    {
        FasterTableLayout sut = FasterTableLayout.For(memoryBytes);

        Assert.AreEqual((long)(sut.Pages * share) * sut.PageBytes, sut.TouchedBytes);
        Assert.AreEqual(share > 0, sut.HasRoomForTouched(FasterTableLayout.OverflowChunkBytes));
        Assert.IsFalse(sut.HasRoomForTouched(Math.Max(memoryBytes, FasterTableLayout.FloorBytes)));
    }
}
