namespace Pipeline.Hosting;

/// <summary>Keeps old garbage to an eighth of the state's memory, or 64 MiB: looks at the heap now and then, and has the collector go through all of it, beside the flow, when it has grown by that much.</summary>
/// <remarks>
/// Left to itself the collector lets garbage in old memory grow with the heap, and with a state of gibibytes by as much as the state's half: pages of FASTER's log that gave way to its index, chunks of
/// waiting events. The heap is a few thousand large arrays without references, so that going through it costs milliseconds. Measured, 20 M open windows with 1 GiB: peak 1,642 → 1,502 MB
/// (perf/results/2026-11-28.md: "Open windows").
/// Worked example, budget 1 GiB: 1,150 MB behind the last collection; above 1,284 MB one is asked for. Pinned by <c>ManagedMemoryTests.HeapThatGrowsByAnEighthOfTheBudget_IsCollectedOnce</c>.
/// Threading: one caller at a time.
/// </remarks>
/// <param name="stateBytes">The state's budget.</param>
/// <param name="heap">The heap.</param>
internal sealed class ManagedMemory(long stateBytes, IManagedHeap heap)
{
    /// <summary>Time between looks. Not measured: a look reads two numbers.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    // The aim is 100 M windows in 4 GiB with a state of 3: a third beyond it, of which buffers, code and what the collector keeps free take more than half.
    // It was met with 3,973 MB (perf/results/2026-11-28.md: "Open windows"); other parts were not measured.
    private const int Share = 8;

    // Of a small state: more than the youngest generation, which comes and goes by itself.
    private const long LeastGrowth = 64 << 20;

    private int _collections;
    private long _least = long.MaxValue;

    /// <summary>Looks at the heap, and asks for a collection when it is due.</summary>
    public void Look()
    {
        int collections = heap.Collections;
        if (collections != _collections) (_collections, _least) = (collections, long.MaxValue);
        long used = heap.Bytes;
        // What a collection beside the flow frees is seen only when it has ended: so the least since it began, not the first.
        _least = Math.Min(_least, used);
        if (used - _least > Math.Max(stateBytes / Share, LeastGrowth)) heap.Collect();
    }
}

/// <summary>What is asked of the managed heap.</summary>
internal interface IManagedHeap
{
    /// <summary>Collections of the whole heap that have begun.</summary>
    int Collections { get; }

    /// <summary>Bytes of objects, dead ones too.</summary>
    long Bytes { get; }

    /// <summary>Begins a collection of the whole heap, and does not wait for it.</summary>
    void Collect();
}

/// <summary>The process's heap.</summary>
internal sealed class ProcessHeap : IManagedHeap
{
    /// <inheritdoc/>
    public int Collections => GC.CollectionCount(GC.MaxGeneration);

    /// <inheritdoc/>
    public long Bytes => GC.GetTotalMemory(forceFullCollection: false);

    /// <inheritdoc/>
    public void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
}
