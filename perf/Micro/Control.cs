using BenchmarkDotNet.Attributes;

namespace Pipeline.Perf.Micro;

/// <summary>What the gate must see: 24 bytes for an operation. Were the measuring blind, every stage would pass.</summary>
public class Control
{
    /// <summary>Bytes of an object without fields.</summary>
    public const int Bytes = 24;

    private object _kept = "";

    [Benchmark(OperationsPerInvoke = StageRecords.Count)]
    public object Allocates()
    {
        for (int i = 0; i < StageRecords.Count; i++) _kept = new object();
        return _kept;
    }
}
