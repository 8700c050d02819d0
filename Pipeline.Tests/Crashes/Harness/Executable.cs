namespace Pipeline.Tests.Crashes;

/// <summary>The program as its own project builds it, for tests that run it as a process of its own; the copy beside the tests lacks what it needs to start.</summary>
internal static class Executable
{
    /// <summary>Path of <c>pipeline.dll</c>, of the same configuration as the tests.</summary>
    public static string Path { get; } = Find();

    private static string Find()
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        string path = System.IO.Path.Combine(output.Parent!.Parent!.Parent!.Parent!.FullName, "Pipeline", "bin", output.Parent!.Name, output.Name, "pipeline.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException("The executable is not built", path);
    }
}
