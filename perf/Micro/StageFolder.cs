namespace Pipeline.Perf.Micro;

/// <summary>A folder for what a stage under measurement writes, gone with it.</summary>
internal sealed class StageFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("pipeline-micro-").FullName;

    /// <summary>The path of a name in it.</summary>
    public string this[string name] => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
