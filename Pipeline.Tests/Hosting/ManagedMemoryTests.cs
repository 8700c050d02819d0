using Pipeline.Hosting;

namespace Pipeline.Tests.Hosting;

[TestClass]
public sealed class ManagedMemoryTests
{
    private const long Budget = 800;
    private readonly Heap _heap = new() { Bytes = 1_000 };

    [TestMethod]
    public void HeapThatGrowsByAnEighthOfTheBudget_IsCollectedOnce()
    {
        var sut = new ManagedMemory(Budget, _heap);
        sut.Look();
        _heap.Bytes = 1_100;
        sut.Look();
        Assert.AreEqual(0, _heap.Collections);

        _heap.Bytes = 1_101;
        sut.Look();
        sut.Look();

        Assert.AreEqual(1, _heap.Collections);
    }

    [TestMethod]
    public void WhatACollectionFreesLater_IsTheNewMeasure()
    {
        var sut = new ManagedMemory(Budget, _heap);
        sut.Look();
        _heap.Bytes = 1_101;
        sut.Look();
        sut.Look();
        _heap.Bytes = 900;
        sut.Look();
        _heap.Bytes = 1_000;
        sut.Look();
        Assert.AreEqual(1, _heap.Collections);

        _heap.Bytes = 1_001;
        sut.Look();

        Assert.AreEqual(2, _heap.Collections);
    }

    [TestMethod]
    public void CollectionThatTheRuntimeBegan_CountsToo()
    {
        var sut = new ManagedMemory(Budget, _heap);
        sut.Look();
        _heap.Bytes = 1_090;
        _heap.Collections = 1;
        sut.Look();
        _heap.Bytes = 1_180;

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
