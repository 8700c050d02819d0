using System.Runtime.CompilerServices;

namespace Pipeline.Blocks.Joining;

/// <summary>
/// States of windows that something but their opening touched, beside a table whose log is on disk in part: such a window was brought into memory to be changed, is on disk again
/// when it closes, and would cost a second random read.
/// </summary>
/// <remarks>
/// A copy and nothing more: the table has every state too, so what finds no room here is read from there, and nothing of this is in a snapshot. Since each change of a window that is here comes
/// here as well, what is found is the window's latest state.
/// Lookup: sets of eight by ordinal, so that windows that close one behind the other lie side by side. Where eight are open, the one that closes first stays. Worked example with the ordinals
/// 0, s, 2s … 8s of one set of s: touched in the order 1s … 8s, then 0: 8s gives way to 0. Pinned by <c>TouchedStatesTests.FullSet_KeepsTheWindowsThatCloseFirst</c>.
/// Threading: one thread. Memory: what it is given, taken at once, in whole sets.
/// </remarks>
/// <typeparam name="TCells">Cells of the table's records.</typeparam>
internal sealed class TouchedStates<TCells> where TCells : unmanaged
{
    private const int Ways = 8;

    // A window's ordinal and one; what is not above _taken is free, and 0 at first.
    private readonly long[] _ordinals;
    private readonly WindowRecord<TCells>[] _states;
    private readonly long _sets;
    private long _taken;

    /// <summary>None yet, in at most so many bytes and at least one set.</summary>
    public TouchedStates(long bytes)
    {
        _sets = Math.Clamp(bytes / SetBytes, 1, Array.MaxLength / Ways);
        _ordinals = new long[_sets * Ways];
        _states = new WindowRecord<TCells>[_sets * Ways];
    }

    /// <summary>Bytes it takes.</summary>
    public long Bytes => _sets * SetBytes;

    private static long SetBytes => Ways * (sizeof(long) + Unsafe.SizeOf<WindowRecord<TCells>>());

    /// <summary>Notes a window's state, in the place of an earlier one.</summary>
    public void Keep(in WindowRecord<TCells> state)
    {
        long first = FirstOf(state.State.Ordinal), number = state.State.Ordinal + 1;
        Span<long> set = _ordinals.AsSpan((int)first, Ways);
        int last = 0, free = -1;
        for (int way = 0; way < Ways; way++)
        {
            if (set[way] == number)
            {
                _states[first + way] = state;
                return;
            }
            if (set[way] <= _taken) free = way;
            if (set[way] > set[last]) last = way;
        }
        if (free < 0 && set[last] < number) return;
        if (free < 0) free = last;
        set[free] = number;
        _states[first + free] = state;
    }

    /// <summary>The state of a window that closes; false when it is not here. Windows close in the order of their ordinals: those before it make room.</summary>
    public bool TryTake(long ordinal, out WindowRecord<TCells> state)
    {
        _taken = Math.Max(_taken, ordinal + 1);
        long first = FirstOf(ordinal);
        int way = _ordinals.AsSpan((int)first, Ways).IndexOf(ordinal + 1);
        state = way < 0 ? default : _states[first + way];
        return way >= 0;
    }

    private long FirstOf(long ordinal) => ordinal % _sets * Ways;
}
