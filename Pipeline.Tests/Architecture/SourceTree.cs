using System.Text.RegularExpressions;
using System.Xml.Linq;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Architecture;

/// <summary>One C# file of the repository, as text.</summary>
/// <param name="Path">From the repository's root, with slashes.</param>
/// <param name="Lines">Its lines.</param>
internal sealed partial record SourceFile(string Path, string[] Lines)
{
    /// <summary>The folder below its project: the stage, for a file of Pipeline.Blocks.</summary>
    public string Folder => Path.Split('/') is [_, string folder, _, ..] ? folder : "";

    /// <summary>What its using lines name.</summary>
    public IEnumerable<string> Usings => Lines.Select(line => UsingLine().Match(line)).Where(match => match.Success).Select(match => match.Groups["name"].Value);

    [GeneratedRegex(@"^(global )?using (static )?(\w+ = )?(?<name>[\w.]+).*;")]
    private static partial Regex UsingLine();
}

/// <summary>What the projects are made of.</summary>
internal static class SourceTree
{
    /// <summary>Every C# file of a project that people write.</summary>
    public static IEnumerable<SourceFile> FilesOf(string project) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, project), "*.cs", SearchOption.AllDirectories)
            .Select(path => (Full: path, Name: Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')))
            .Where(file => !file.Name.Contains("/obj/") && !file.Name.Contains("/bin/"))
            .Select(file => new SourceFile(file.Name, File.ReadAllLines(file.Full)));

    /// <summary>Projects that a project references, by name.</summary>
    public static string[] ProjectsOf(string project) =>
        [.. Items(project, "ProjectReference").Select(include => Path.GetFileNameWithoutExtension(include)).Order()];

    /// <summary>Packages that a project references.</summary>
    public static string[] PackagesOf(string project) => [.. Items(project, "PackageReference").Order()];

    private static IEnumerable<string> Items(string project, string kind) =>
        XDocument.Load(Directory.EnumerateFiles(Path.Combine(Repository.Root, project), "*.csproj").Single())
            .Descendants(kind).Select(item => item.Attribute("Include")!.Value);
}
