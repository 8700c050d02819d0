using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Skew;

[TestClass]
[DoNotParallelize]
public sealed class SpaceSavingTests
{
    [TestMethod]
    public void FrequentKeys_AreFound_WithCountsThatAreNeverTooLow()
    {
        var sut = new SpaceSaving(50);
        var random = new Random(7);
        var exact = new Dictionary<KeyHash, ulong>();
        for (int i = 0; i < 100_000; i++)
        {
            // A tenth each for three keys, the rest are of 10,000 others.
            KeyHash key = Key(random.Next(10) < 3 ? random.Next(3) : 100 + random.Next(10_000));
            sut.Add(key, 2);
            exact[key] = exact.GetValueOrDefault(key) + 2;
        }

        Assert.AreEqual(200_000ul, sut.Total);
        for (int number = 0; number < 3; number++)
        {
            int place = sut.Find(Key(number));
            Assert.IsGreaterThanOrEqualTo(0, place);
            Assert.IsGreaterThanOrEqualTo(exact[Key(number)], sut.CountOf(place));
            Assert.IsLessThanOrEqualTo(exact[Key(number)], sut.CountOf(place) - sut.ErrorOf(place));
        }
    }

    [TestMethod]
    public void Error_IsAtMostTheTotalByThePlaces()
    {
        var sut = new SpaceSaving(10);
        for (int i = 0; i < 1_000; i++) sut.Add(Key(i), 1);

        int place = sut.Find(Key(999));

        Assert.IsGreaterThanOrEqualTo(0, place);
        Assert.IsLessThanOrEqualTo(100ul, sut.ErrorOf(place));
    }

    [TestMethod]
    public void Halved_OldKeysGiveWayToNewOnes()
    {
        var sut = new SpaceSaving(2);
        sut.Add(Key(1), 64);
        for (int i = 0; i < 6; i++) sut.Halve();
        sut.Add(Key(2), 9);
        sut.Add(Key(3), 8);

        Assert.AreEqual(-1, sut.Find(Key(1)));
        Assert.AreEqual(18ul, sut.Total);
    }

    [TestMethod]
    public void Adding_AllocatesNothing()
    {
        var sut = new SpaceSaving(200);
        KeyHash[] keys = [.. Enumerable.Range(0, 5_000).Select(Key)];
        foreach (KeyHash key in keys) sut.Add(key, 3);

        Assert.AreEqual(0, Allocations.Least(() =>
        {
            foreach (KeyHash key in keys) sut.Add(key, 3);
        }));
    }

    private static KeyHash Key(int number) => KeyEncoding.Hash(BitConverter.GetBytes(number));
}
