using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Joining;

/// <summary>Whether a lane could be restored from a snapshot: reads the snapshot file, and every page of the lane's own files that it needs.</summary>
/// <remarks>
/// Changes nothing, opens no table and takes no lock, so the lane may be running: what it adds to its files meanwhile is not looked at, and what it deletes is
/// needed by no snapshot that is kept. Memory: one page. Threading: any.
/// </remarks>
public static class LaneSnapshotCheck
{
    /// <summary>What is damaged: what, where, expected, found; null: nothing.</summary>
    /// <param name="snapshotFile">The snapshot file.</param>
    /// <param name="tableDirectory">Directory of the lane's window table.</param>
    /// <param name="windowLog">Path of the lane's window log without file numbers.</param>
    public static string? DamageOf(string snapshotFile, string tableDirectory, string windowLog)
    {
        try
        {
            using var snapshot = new SnapshotReader(snapshotFile);
            PassState(snapshot);
            TableLog table = TableLog.Load(snapshot, recordBytes: null);
            TableFiles.RefuseUnmarked(tableDirectory, table.Generation, TableFiles.Newest(tableDirectory));
            table.Read(tableDirectory, static (_, _) => { });
            PageFile.Check(snapshot, windowLog, first: snapshot.Read<long>());
            snapshot.ReadMany<byte>();
            snapshot.ExpectEnd();
            return null;
        }
        catch (Exception damage) when (damage is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return damage.Message;
        }
    }

    /// <summary>Passes over what a lane, its touched windows and its waiting events say of themselves, in the order in which a snapshot is written.</summary>
    private static void PassState(SnapshotReader snapshot)
    {
        snapshot.Read<int>();
        int ranks = snapshot.Read<int>();
        // Window length, watermark, applied, cursor, next and fired ordinal, last fired end.
        for (int scalar = 0; scalar < 7; scalar++) snapshot.Read<long>();
        snapshot.Read<KeyHash>();
        new LaneLedger(ranks).Load(snapshot);
        new TouchedWindows().Load(snapshot);
        ReorderBuffer.Pass(snapshot);
    }
}
