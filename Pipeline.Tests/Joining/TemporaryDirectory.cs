namespace Pipeline.Tests.Joining;

/// <summary>A directory of its own for one test, gone after it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("window-table-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
