using System.Runtime.CompilerServices;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>A window as it lies in the state log: fixed size, no references, so that the log holds it as plain bytes.</summary>
/// <typeparam name="TCells">An inline array of <see cref="ActionCell"/> with at least as many cells as the job has action streams.</typeparam>
public struct WindowRecord<TCells> where TCells : unmanaged
{
    /// <summary>The fixed part.</summary>
    public WindowState State;

    /// <summary>One cell for each action stream, in the order of the job; surplus cells stay zero.</summary>
    public TCells Cells;
}

/// <summary>Room for 1 action stream.</summary>
[InlineArray(1)] public struct ActionCells1 { private ActionCell _first; }

/// <summary>Room for 2 action streams.</summary>
[InlineArray(2)] public struct ActionCells2 { private ActionCell _first; }

/// <summary>Room for 4 action streams.</summary>
[InlineArray(4)] public struct ActionCells4 { private ActionCell _first; }

/// <summary>Room for 8 action streams.</summary>
[InlineArray(8)] public struct ActionCells8 { private ActionCell _first; }

/// <summary>Room for 16 action streams.</summary>
[InlineArray(16)] public struct ActionCells16 { private ActionCell _first; }

/// <summary>Room for 32 action streams.</summary>
[InlineArray(32)] public struct ActionCells32 { private ActionCell _first; }

/// <summary>Room for 64 action streams.</summary>
[InlineArray(64)] public struct ActionCells64 { private ActionCell _first; }
