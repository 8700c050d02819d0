using Pipeline.Blocks.Joining;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class ChunkPoolTests
{
    private readonly ChunkPool _sut = new();

    [TestMethod]
    [DataRow(true, 100, 2 << 10)]
    [DataRow(false, 100, 8 << 10)]
    [DataRow(true, 5_000, 8 << 10)]
    [DataRow(false, 9_000, 16 << 10)]
    [DataRow(false, 70_000, 70_000)]
    public void Chunk_HasTheSizeOfItsPlace_OrOfItsEvent(bool isFirst, int needed, int expected) => Assert.HasCount(expected, _sut.Rent(isFirst, needed));

    [TestMethod]
    public void EitherUsualSize_StandsInForTheOther()
    {
        byte[] first = _sut.Rent(isFirst: true, 100), more = _sut.Rent(isFirst: false, 100);
        _sut.Return(more);
        Assert.AreSame(more, _sut.Rent(isFirst: true, 100));
        _sut.Return(first);

        Assert.AreSame(first, _sut.Rent(isFirst: false, 100));
        Assert.AreEqual(0, _sut.IdleBytes);
    }

    [TestMethod]
    public void ChunkOfALongEvent_StandsInForNoUsualOne_AndServesTheNextLongOne()
    {
        byte[] large = _sut.Rent(isFirst: false, 60_000);
        _sut.Return(large);

        Assert.HasCount(8 << 10, _sut.Rent(isFirst: false, 100));
        Assert.AreSame(large, _sut.Rent(isFirst: true, 60_000));
    }

    [TestMethod]
    public void TooSmallAChunk_DoesNotStandIn()
    {
        _sut.Return(_sut.Rent(isFirst: true, 100));

        Assert.HasCount(8 << 10, _sut.Rent(isFirst: false, 3_000));
    }

    [TestMethod]
    public void LettingGo_TakesFromTheSizeOfWhichMostIsIdle_AndNoMoreThanNeeded()
    {
        byte[][] chunks = [.. Enumerable.Range(0, 4).Select(_ => _sut.Rent(isFirst: false, 100)), _sut.Rent(isFirst: true, 100)];
        foreach (byte[] chunk in chunks) _sut.Return(chunk);

        _sut.LetGo(9 << 10);

        Assert.AreEqual((2 * (8 << 10)) + (2 << 10), _sut.IdleBytes);
        _sut.LetGo(long.MaxValue);
        Assert.AreEqual(0, _sut.IdleBytes);
    }
}
