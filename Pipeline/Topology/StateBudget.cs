namespace Pipeline.Topology;

/// <summary>One lane's share of <c>state.memory</c>, in bytes.</summary>
/// <remarks>The parts follow from what it costs that something is not in memory. Others were not measured.</remarks>
/// <param name="Table">Window table: half, for what is not in memory there costs a random read.</param>
/// <param name="WindowLog">Window log: a quarter; what is not in memory costs sequential reads only.</param>
/// <param name="Reorder">Reorder buffer: a quarter; events wait there for D and the drift between partitions.</param>
public readonly record struct StateBudget(long Table, long WindowLog, long Reorder)
{
    /// <summary>The share of each of so many lanes.</summary>
    public static StateBudget Of(long memory, int lanes) => new(memory / lanes / 2, memory / lanes / 4, memory / lanes / 4);
}
