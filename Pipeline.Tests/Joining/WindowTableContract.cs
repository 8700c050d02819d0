using Pipeline.Blocks.Joining;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Joining;

/// <summary>What every window table does; one subclass for each.</summary>
public abstract class WindowTableContract
{
    private const long W = 1_200_000;
    private const long T0 = 1_764_000_000_000;
    private static readonly KeyHash Key = Keys.Of(1);

    protected abstract IWindowTable Open(int actionStreams, long windowMs, WindowAnchor anchor, bool keepActions = false);

    private IWindowTable OpenExposure() => Open(2, W, WindowAnchor.Exposure);

    private IWindowTable OpenFirst(bool keepActions = false) => Open(2, W, WindowAnchor.First, keepActions);

    private static WindowEvent Exposure(long time, long ordinal = 0, long address = 0) =>
        new() { Key = Key, Time = time, Action = -1, Ordinal = ordinal, Address = address };

    private static WindowEvent Action(long time, int action = 0, long ordinal = 0, long address = 0) =>
        new() { Key = Key, Time = time, Action = action, Ordinal = ordinal, Address = address };

    private static (WindowState State, ActionCell[] Cells) Read(IWindowTable table)
    {
        var cells = new ActionCell[2];
        Assert.IsTrue(table.TryRead(Key, out WindowState state, cells));
        return (state, cells);
    }

    [TestMethod]
    public void UnknownKey_IsNotRead()
    {
        using IWindowTable sut = OpenExposure();

        Assert.IsFalse(sut.TryRead(Key, out _, new ActionCell[2]));
    }

    [TestMethod]
    public void FirstExposure_OpensTheWindow()
    {
        using IWindowTable sut = OpenExposure();

        WindowUpdate update = sut.Apply(Exposure(T0, ordinal: 7, address: 99));

        Assert.AreEqual((WindowOutcome.Opened, 7L, T0, 1u, -1L), Of(update));
        (WindowState state, ActionCell[] cells) = Read(sut);
        Assert.AreEqual((T0, 7L, 99L, -1L, 1u), (state.Start, state.Ordinal, state.Payload, state.LastAction, state.Exposures));
        Assert.AreEqual(0u, cells[0].Count + cells[1].Count);
    }

    [TestMethod]
    public void ExposureInside_IsMergedAndKeepsTheFirstPayload()
    {
        using IWindowTable sut = OpenExposure();
        sut.Apply(Exposure(T0, ordinal: 7, address: 99));

        WindowUpdate update = sut.Apply(Exposure(T0 + W - 1, ordinal: 8, address: 100));

        Assert.AreEqual((WindowOutcome.Merged, 7L, T0, 2u, -1L), Of(update));
        Assert.AreEqual(99L, Read(sut).State.Payload);
    }

    [TestMethod]
    public void ExposureAtWindowEnd_OpensTheNext()
    {
        using IWindowTable sut = OpenExposure();
        sut.Apply(Exposure(T0, ordinal: 7));
        sut.Apply(Action(T0 + 5));

        WindowUpdate update = sut.Apply(Exposure(T0 + W, ordinal: 8, address: 100));

        Assert.AreEqual((WindowOutcome.Opened, 8L, T0 + W, 1u, -1L), Of(update));
        (WindowState state, ActionCell[] cells) = Read(sut);
        Assert.AreEqual(100L, state.Payload);
        Assert.AreEqual(0u, cells[0].Count);
    }

    [TestMethod]
    public void ActionsInside_AreCountedByStreamWithTheFirstDelay()
    {
        using IWindowTable sut = OpenExposure();
        sut.Apply(Exposure(T0, ordinal: 7));

        WindowUpdate first = sut.Apply(Action(T0 + 10, action: 1));
        sut.Apply(Action(T0 + 20, action: 1));
        sut.Apply(Action(T0 + W - 1, action: 0));

        Assert.AreEqual((WindowOutcome.Counted, 7L, T0, 1u, -1L), Of(first));
        ActionCell[] cells = Read(sut).Cells;
        Assert.AreEqual((1u, (uint)(W - 1)), (cells[0].Count, cells[0].FirstDelay));
        Assert.AreEqual((2u, 10u), (cells[1].Count, cells[1].FirstDelay));
    }

    [TestMethod]
    public void ClickWithoutWindow_IsOrphanedAndLeavesNothing()
    {
        using IWindowTable sut = OpenExposure();

        WindowUpdate update = sut.Apply(Action(T0));

        Assert.AreEqual((WindowOutcome.Orphaned, -1L), (update.Outcome, update.PreviousAction));
        Assert.IsFalse(sut.TryRead(Key, out _, new ActionCell[2]));
    }

    [TestMethod]
    public void ClickAtWindowEnd_IsOrphanedAndLeavesTheWindowAsItWas()
    {
        using IWindowTable sut = OpenExposure();
        sut.Apply(Exposure(T0, ordinal: 7));

        WindowUpdate update = sut.Apply(Action(T0 + W));

        Assert.AreEqual(WindowOutcome.Orphaned, update.Outcome);
        (WindowState state, ActionCell[] cells) = Read(sut);
        Assert.AreEqual((7L, 0u), (state.Ordinal, cells[0].Count));
    }

    [TestMethod]
    public void AnchorFirst_ActionOpensAndTheNextExposureAnchors()
    {
        using IWindowTable sut = OpenFirst();

        WindowUpdate opened = sut.Apply(Action(T0, action: 1, ordinal: 3, address: 50));
        WindowState before = Read(sut).State;
        WindowUpdate anchored = sut.Apply(Exposure(T0 + 1, ordinal: 4, address: 60));
        WindowUpdate merged = sut.Apply(Exposure(T0 + 2, ordinal: 4, address: 70));

        Assert.AreEqual((WindowOutcome.Opened, 3L, T0, 0u, -1L), Of(opened));
        Assert.AreEqual(-1L, before.Payload);
        Assert.AreEqual((WindowOutcome.Anchored, 3L, T0, 1u, -1L), Of(anchored));
        Assert.AreEqual((WindowOutcome.Merged, 3L, T0, 2u, -1L), Of(merged));
        (WindowState state, ActionCell[] cells) = Read(sut);
        Assert.AreEqual(60L, state.Payload);
        Assert.AreEqual((1u, 0u), (cells[1].Count, cells[1].FirstDelay));
    }

    [TestMethod]
    public void KeptActions_AreChainedUntilThereIsAnExposure()
    {
        using IWindowTable sut = OpenFirst(keepActions: true);

        WindowUpdate first = sut.Apply(Action(T0, address: 50));
        WindowUpdate second = sut.Apply(Action(T0 + 1, address: 51));
        long last = Read(sut).State.LastAction;
        sut.Apply(Exposure(T0 + 2));
        WindowUpdate third = sut.Apply(Action(T0 + 3, address: 52));

        Assert.AreEqual((-1L, 50L, -1L), (first.PreviousAction, second.PreviousAction, third.PreviousAction));
        Assert.AreEqual((51L, -1L), (last, Read(sut).State.LastAction));
    }

    [TestMethod]
    public void WithoutKeptActions_NoneIsRemembered()
    {
        using IWindowTable sut = OpenFirst();

        sut.Apply(Action(T0, address: 50));
        WindowUpdate second = sut.Apply(Action(T0 + 1, address: 51));

        Assert.AreEqual((-1L, -1L), (second.PreviousAction, Read(sut).State.LastAction));
    }

    [TestMethod]
    public void Prefetch_OpensNothing()
    {
        using IWindowTable sut = OpenFirst();

        sut.Prefetch([Key], T0);

        Assert.IsFalse(sut.TryRead(Key, out _, new ActionCell[2]));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(5)]
    [DataRow(17)]
    [DataRow(64)]
    public void AnyNumberOfActionStreams_HasItsOwnCells(int actionStreams)
    {
        using IWindowTable sut = Open(actionStreams, W, WindowAnchor.Exposure);
        sut.Apply(Exposure(T0));
        for (int action = 0; action < actionStreams; action++) sut.Apply(Action(T0 + 100 + action, action));

        var cells = new ActionCell[actionStreams];
        Assert.IsTrue(sut.TryRead(Key, out _, cells));

        for (int action = 0; action < actionStreams; action++)
            Assert.AreEqual((1u, 100u + (uint)action), (cells[action].Count, cells[action].FirstDelay));
    }

    private static (WindowOutcome, long, long, uint, long) Of(WindowUpdate update) =>
        (update.Outcome, update.Ordinal, update.Start, update.Exposures, update.PreviousAction);
}
