using Pipeline.Hosting;

namespace Pipeline.Tests.Hosting;

[TestClass]
public sealed class ManagedMemoryTests
{
    private const long Budget = 1L << 30;
    private const long Mega = 1_000_000;
    private readonly Heap _heap = new() { Bytes = 1_150 * Mega };

    [TestMethod]
    public void HeapThatGrowsByAnEighthOfTheBudget_IsCollectedOnce()
    {
        var sut = new ManagedMemory(Budget, _heap);
        sut.Look();
        _heap.Bytes = 1_284 * Mega;
        sut.Look();
        Assert.AreEqual(0, _heap.Collections);

        _heap.Bytes = 1_285 * Mega;
        sut.Look();
        sut.Look();

        Assert.AreEqual(1, _heap.Collections);
    }

    [TestMethod]
    public void WhatACollectionFreesLater_IsTheNewMeasure()
    {
        var sut = new ManagedMemory(Budget, _heap);
        sut.Look();
        _heap.Bytes = 1_285 * Mega;
        sut.Look();
        sut.Look();
        _heap.Bytes = 1_000 * Mega;
        sut.Look();
        _heap.Bytes = 1_134 * Mega;
        sut.Look();
        Assert.AreEqual(1, _heap.Collections);

        _heap.Bytes = 1_135 * Mega;
        sut.Look();

        Assert.AreEqual(2, _heap.Collections);
    }

    [TestMethod]
    public void CollectionThatTheRuntimeBegan_CountsToo()
    {
        var sut = new ManagedMemory(Budget, _heap);
        sut.Look();
        _heap.Bytes = 1_250 * Mega;
        _heap.Collections = 1;
        sut.Look();
        _heap.Bytes = 1_350 * Mega;

        sut.Look();

        Assert.AreEqual(1, _heap.Collections);
    }

    [TestMethod]
    public void SmallState_LeavesTheYoungestGenerationAlone()
    {
        var sut = new ManagedMemory(1 << 20, _heap);
        sut.Look();
        _heap.Bytes += 64 << 20;
        sut.Look();
        Assert.AreEqual(0, _heap.Collections);

        _heap.Bytes++;
        sut.Look();

        Assert.AreEqual(1, _heap.Collections);
    }

    private sealed class Heap : IManagedHeap
    {
        public int Collections { get; set; }

        public long Bytes { get; set; }

        public void Collect() => Collections++;
    }
}
