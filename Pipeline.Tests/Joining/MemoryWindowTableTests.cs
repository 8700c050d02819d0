using Pipeline.Blocks.Joining;

namespace Pipeline.Tests.Joining;

[TestClass]
public sealed class MemoryWindowTableTests : WindowTableContract
{
    protected override IWindowTable Open(int actionStreams, long windowMs, WindowAnchor anchor, bool keepActions = false) =>
        new MemoryWindowTable(actionStreams, windowMs, anchor, keepActions);
}
