using System.Reflection;
using System.Text.RegularExpressions;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Architecture;

/// <summary>What the documents point to is there.</summary>
[TestClass]
public sealed partial class DocumentTests
{
    [TestMethod]
    [DataRow("README.md")]
    [DataRow("ARCHITECTURE.md")]
    [DataRow("CHANGELOG.md")]
    [DataRow("examples/README.md")]
    [DataRow("docs/operations.md")]
    [DataRow("perf/README.md")]
    public void Links_LeadToFiles(string document)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Repository.Root, document))!;

        string[] dead = [.. Link().Matches(Text(document)).Select(link => link.Groups["path"].Value).Where(path => !Path.Exists(Path.Combine(folder, path)))];

        Assert.IsEmpty(dead, string.Join('\n', dead));
    }

    [TestMethod]
    [DataRow("README.md")]
    [DataRow("ARCHITECTURE.md")]
    public void NamedTests_Exist(string document)
    {
        // A contract's tests stand in the class that those of its implementations derive from.
        var classes = typeof(DocumentTests).Assembly.GetTypes().Where(type => type.IsDefined(typeof(TestClassAttribute)))
            .SelectMany(static type => new[] { type, type.BaseType! }).Distinct().ToLookup(type => type.Name);
        MatchCollection named = TestName().Matches(Text(document));

        string[] missing = [.. named.Where(name => !classes[name.Groups["class"].Value].Any(type => Has(type, name.Groups["method"].Value))).Select(name => name.Value)];

        Assert.IsNotEmpty(named);
        Assert.IsEmpty(missing, string.Join('\n', missing));
    }

    private static bool Has(Type type, string method) => method.Length == 0 || type.GetMethod(method)?.GetCustomAttribute<TestMethodAttribute>() is not null;

    private static string Text(string document) => File.ReadAllText(Path.Combine(Repository.Root, document));

    [GeneratedRegex(@"\]\((?!https?:)(?<path>[^)#]+)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`(?<class>\w+(Tests|Properties))(\.(?<method>\w+))?`")]
    private static partial Regex TestName();
}
