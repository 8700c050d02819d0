using System.Text.RegularExpressions;

namespace Pipeline.Tests.Architecture;

/// <summary>Who may know whom; the rules stand in ARCHITECTURE.md.</summary>
[TestClass]
public sealed partial class DependencyTests
{
    private const int MostLines = 500;
    private const string Namespace = "Pipeline.Blocks.";
    private static readonly string[] Projects = ["Pipeline", "Pipeline.Blocks", "Pipeline.Tests", "perf"];
    private static readonly string[] Stages = ["Sources", "Parsing", "Partitioning", "Joining", "Formatting", "Sinks"];
    private static readonly string[] Shared = ["Records", "Flow", "Fields", "Telemetry", "Librdkafka"];

    [TestMethod]
    public void Folders_AreTheStagesAndWhatTheyShare()
    {
        string[] found = [.. SourceTree.FilesOf("Pipeline.Blocks").Select(file => file.Folder).Distinct().Order()];

        CollectionAssert.AreEqual(Stages.Concat(Shared).Order().ToArray(), found);
    }

    [TestMethod]
    [DataRow("Records")]
    [DataRow("Flow", "Records")]
    [DataRow("Fields", "Records")]
    [DataRow("Telemetry", "Records")]
    [DataRow("Librdkafka")]
    public void SharedFolder_KnowsOnly(string folder, params string[] allowed) => AssertKnowsOnly(folder, allowed);

    [TestMethod]
    [DataRow("Sources")]
    [DataRow("Parsing")]
    [DataRow("Partitioning")]
    [DataRow("Joining")]
    [DataRow("Formatting")]
    [DataRow("Sinks")]
    public void Stage_KnowsNoOtherStage(string stage) => AssertKnowsOnly(stage, Shared);

    [TestMethod]
    [DataRow("Confluent.Kafka", "Pipeline.Blocks/Librdkafka", "Pipeline.Blocks/Sources", "Pipeline.Blocks/Sinks", "Pipeline/Commands", "Pipeline/Generation", "Pipeline/Verification")]
    [DataRow("FASTER.core", "Pipeline.Blocks/Joining")]
    [DataRow("Polly", "Pipeline.Blocks/Sources", "Pipeline.Blocks/Sinks")]
    [DataRow("YamlDotNet", "Pipeline/Configuration")]
    [DataRow("System.CommandLine", "Pipeline/Commands")]
    [DataRow("Spectre", "Pipeline/Commands", "Pipeline/Demo", "Pipeline/Watching")]
    [DataRow("Microsoft.AspNetCore", "Pipeline/Hosting/Http")]
    [DataRow("OpenTelemetry", "Pipeline/Hosting/Http", "Pipeline/Reports")]
    [DataRow("HdrHistogram", "Pipeline.Blocks/Telemetry")]
    public void Library_IsUsedOnlyIn(string library, params string[] places)
    {
        string[] others =
        [
            .. SourceTree.FilesOf("Pipeline").Concat(SourceTree.FilesOf("Pipeline.Blocks"))
                .Where(file => !places.Any(place => file.Path.StartsWith(place, StringComparison.Ordinal)))
                .Where(file => file.Usings.Any(name => name == library || name.StartsWith(library + '.', StringComparison.Ordinal)))
                .Select(file => file.Path),
        ];

        Assert.IsEmpty(others, $"{library} is for {string.Join(", ", places)}; also found in {string.Join(", ", others)}");
    }

    [TestMethod]
    [DataRow("Pipeline.Blocks")]
    [DataRow("Pipeline", "Pipeline.Blocks")]
    [DataRow("Pipeline.Tests", "Pipeline", "Pipeline.Blocks")]
    [DataRow("perf", "Pipeline", "Pipeline.Blocks")]
    public void Project_ReferencesOnly(string project, params string[] allowed) =>
        CollectionAssert.AreEqual(allowed, SourceTree.ProjectsOf(project));

    [TestMethod]
    public void Blocks_KnowNoHost()
    {
        string[] hosting = ["System.CommandLine", "Spectre.Console", "YamlDotNet", "Microsoft.Extensions.Hosting"];

        Assert.IsEmpty(SourceTree.PackagesOf("Pipeline.Blocks").Intersect(hosting));
    }

    [TestMethod]
    public void Blocks_KnowNoConsoleAndNoEnvironment()
    {
        string[] found =
        [
            .. from file in SourceTree.FilesOf("Pipeline.Blocks")
               from line in file.Lines
               where !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && HostCall().IsMatch(line)
               select $"{file.Path}: {line.Trim()}",
        ];

        Assert.IsEmpty(found, string.Join('\n', found));
    }

    [TestMethod]
    public void NoFile_IsLongerThan500Lines()
    {
        string[] found =
        [
            .. Projects.SelectMany(SourceTree.FilesOf).Where(file => file.Lines.Length > MostLines).Select(file => $"{file.Path}: {file.Lines.Length}"),
        ];

        Assert.IsEmpty(found, string.Join('\n', found));
    }

    private static void AssertKnowsOnly(string folder, string[] allowed)
    {
        SourceFile[] files = [.. SourceTree.FilesOf("Pipeline.Blocks").Where(file => file.Folder == folder)];
        string[] known =
        [
            .. from file in files
               from name in file.Usings.Where(name => name.StartsWith(Namespace, StringComparison.Ordinal)).Select(name => name[Namespace.Length..].Split('.')[0])
                   .Concat(file.Lines.SelectMany(line => StageName().Matches(line)).Select(match => match.Groups["stage"].Value))
               where name != folder && !allowed.Contains(name)
               select $"{file.Path}: {name}",
        ];

        Assert.IsNotEmpty(files);
        Assert.IsEmpty(known, string.Join('\n', known.Distinct()));
    }

    /// <summary>A stage named in front of one of its types, without a using line.</summary>
    [GeneratedRegex(@"(?<![\w.]|namespace Pipeline\.Blocks\.)(Pipeline\.Blocks\.)?(?<stage>Sources|Parsing|Partitioning|Joining|Formatting|Sinks)\.[A-Z]")]
    private static partial Regex StageName();

    [GeneratedRegex(@"(?<![\w.])(System\.)?(Console|Environment)\.[A-Z]")]
    private static partial Regex HostCall();
}
