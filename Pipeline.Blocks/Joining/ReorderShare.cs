namespace Pipeline.Blocks.Joining;

/// <summary>One lane's memory for waiting events, divided between its own buffer and its salts' by what each needs: where a key is hot most events wait in the salts.</summary>
/// <remarks>
/// Each may take what the others leave, and always a part of its own, so that together they may be over by that for the moment until the others have spilled.
/// Threading: each buffer's own thread; the numbers may be a batch old.
/// </remarks>
/// <param name="budgetBytes">Of all together.</param>
/// <param name="buffers">How many share it.</param>
public sealed class ReorderShare(long budgetBytes, int buffers)
{
    // A part for each that is never taken away.
    private readonly long _least = budgetBytes / (2 * buffers);
    private readonly long[] _used = new long[buffers];

    /// <summary>Says what a buffer's events take and tells it what it may; what is idle in it goes when it comes above that.</summary>
    public void Divide(int number, ReorderBuffer buffer)
    {
        Volatile.Write(ref _used[number], buffer.WaitingBytes);
        long others = 0;
        for (int other = 0; other < _used.Length; other++)
            if (other != number) others += Volatile.Read(ref _used[other]);
        buffer.Budget = Math.Max(_least, budgetBytes - others);
    }
}
