namespace Pipeline.Blocks.Joining;

/// <summary>How long the parts of a lane's restore took. Table and window log are worked on at once, each by a thread of its own.</summary>
/// <param name="Snapshot">Reading the snapshot, with the events that waited.</param>
/// <param name="Table">Recovering the window table and its index.</param>
/// <param name="WindowLog">Reading every page of the window log and setting the timing wheel.</param>
public readonly record struct RestoreTimes(TimeSpan Snapshot, TimeSpan Table, TimeSpan WindowLog);
