using System.Runtime.CompilerServices;
using CsCheck;
using Pipeline.Blocks.Joining;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class TouchedStatesTests
{
    private const int SetBytes = 8 * (8 + 48);

    private static WindowRecord<ActionCells1> Of(long ordinal, uint exposures = 1) =>
        new() { State = new WindowState { Ordinal = ordinal, Start = 1_000 + ordinal, Exposures = exposures } };

    private static uint? Take(TouchedStates<ActionCells1> states, long ordinal) =>
        states.TryTake(ordinal, out WindowRecord<ActionCells1> state) && state.State.Ordinal == ordinal ? state.State.Exposures : null;

    [TestMethod]
    public void Record_IsOfTheSizeTheseTestsCountWith() =>
        Assert.AreEqual(SetBytes, 8 * (sizeof(long) + Unsafe.SizeOf<WindowRecord<ActionCells1>>()));

    [TestMethod]
    [DataRow(0, SetBytes)]
    [DataRow((3 * SetBytes) - 1, 2 * SetBytes)]
    [DataRow(3 * SetBytes, 3 * SetBytes)]
    public void Memory_IsWholeSetsAndAtLeastOne(int given, int taken) => Assert.AreEqual(taken, new TouchedStates<ActionCells1>(given).Bytes);

    [TestMethod]
    public void WindowThatWasNotKept_IsNotFound() => Assert.IsNull(Take(new TouchedStates<ActionCells1>(SetBytes), 0));

    [TestMethod]
    public void WindowKeptTwice_HasItsLatestState()
    {
        var sut = new TouchedStates<ActionCells1>(SetBytes);
        sut.Keep(Of(3, exposures: 1));
        sut.Keep(Of(3, exposures: 2));

        Assert.AreEqual(2u, Take(sut, 3));
    }

    [TestMethod]
    public void FullSet_KeepsTheWindowsThatCloseFirst()
    {
        const int sets = 3;
        var sut = new TouchedStates<ActionCells1>(sets * SetBytes);
        for (long of = 1; of <= 8; of++) sut.Keep(Of(of * sets));
        sut.Keep(Of(9 * sets));
        sut.Keep(Of(0));

        for (long of = 0; of <= 9; of++) Assert.AreEqual(of < 8 ? 1u : null, Take(sut, of * sets), $"{of} x {sets}");
    }

    [TestMethod]
    public void WindowsThatClosed_MakeRoom()
    {
        var sut = new TouchedStates<ActionCells1>(SetBytes);
        for (long ordinal = 0; ordinal < 8; ordinal++) sut.Keep(Of(ordinal));
        for (long ordinal = 0; ordinal < 4; ordinal++) Take(sut, ordinal);
        for (long ordinal = 8; ordinal < 12; ordinal++) sut.Keep(Of(ordinal));

        for (long ordinal = 4; ordinal < 12; ordinal++) Assert.AreEqual(1u, Take(sut, ordinal));
    }

    [TestMethod]
    public void AnyHistory_FindsNothingButLatestStates_AndAllOfThemWhereTheyFit() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 60], Gen.Select(Gen.Int[0, 59], Gen.Bool).Array[0, 400]).Sample((sets, span, history) =>
        {
            var sut = new TouchedStates<ActionCells1>(sets * SetBytes);
            var latest = new Dictionary<long, uint>();
            long closed = 0;
            uint change = 0;
            foreach ((int ahead, bool closes) in history)
            {
                if (closes)
                {
                    uint? found = Take(sut, closed);
                    bool kept = latest.Remove(closed, out uint expected);
                    if (found is not null) Assert.AreEqual(expected, found);
                    if (kept && span <= 8 * sets) Assert.AreEqual(expected, found);
                    closed++;
                    continue;
                }
                long ordinal = closed + (ahead % span);
                latest[ordinal] = ++change;
                sut.Keep(Of(ordinal, change));
            }
        });
}
