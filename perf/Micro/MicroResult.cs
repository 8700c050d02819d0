using System.Globalization;
using BenchmarkDotNet.Reports;

namespace Pipeline.Perf.Micro;

/// <summary>What one benchmark found, against its budget.</summary>
/// <param name="Stage">Its class.</param>
/// <param name="Name">Its name.</param>
/// <param name="Nanoseconds">Mean ns per record.</param>
/// <param name="Bytes">Managed bytes per record, of all threads; NaN: it gave no result.</param>
internal sealed record MicroResult(Type Stage, string Name, double Nanoseconds, double Bytes)
{
    /// <summary>
    /// Managed bytes per record of any stage: none. Pools that grow now and then, and what FASTER allocates for a page, are spread over many records: a byte for every 20 is
    /// none per record.
    /// </summary>
    public const double Budget = 0.05;

    private const double ControlTolerance = 0.5;

    /// <summary>Whether it was measured at all.</summary>
    public bool IsMeasured => !double.IsNaN(Bytes);

    /// <summary>Of the control: whether what it allocates was seen.</summary>
    public bool IsWithinBudget => IsControl ? Math.Abs(Bytes - Control.Bytes) <= ControlTolerance : Bytes < Budget;

    /// <summary>A row of the table.</summary>
    public string Row => string.Create(CultureInfo.InvariantCulture, $"{Name,-28}{Nanoseconds,12:F1}{Bytes,12:F4}{(IsControl ? $"= {Control.Bytes}" : $"< {Budget}"),10}");

    private bool IsControl => Stage == typeof(Control);

    /// <summary>The results of one class.</summary>
    public static IEnumerable<MicroResult> Of(Summary summary) => summary.Reports.Select(static report =>
    {
        Type stage = report.BenchmarkCase.Descriptor.Type;
        long? allocated = report.ResultStatistics is null ? null : report.GcStats.GetTotalAllocatedBytes(excludeAllocationQuantumSideEffects: true);
        return new MicroResult(
            stage,
            $"{stage.Name}.{report.BenchmarkCase.Descriptor.WorkloadMethod.Name}",
            report.ResultStatistics?.Mean ?? double.NaN,
            allocated is { } bytes ? (double)bytes / report.GcStats.TotalOperations : double.NaN);
    });
}
