using Pipeline.Configuration;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Configuration;

[TestClass]
public sealed class ExamplesTests
{
    private static readonly Dictionary<string, string> Environment = new() { ["KAFKA_USER"] = "u", ["KAFKA_PASSWORD"] = "p" };

    [TestMethod]
    [DataRow("files.yaml")]
    [DataRow("kafka-sasl-tls.yaml")]
    public void Example_HasNoMistake(string name)
    {
        LoadedJob loaded = JobLoader.Load(Example(name), [], Environment);

        Assert.IsEmpty(loaded.Errors, string.Join('\n', loaded.Errors));
    }

    [TestMethod]
    public void CompleteExample_LeavesNoKeyToItsDefault()
    {
        LoadedJob loaded = JobLoader.Load(Example("kafka-sasl-tls.yaml"), [], Environment);
        var shown = new StringWriter();
        loaded.Effective.Write(shown);

        IEnumerable<string> defaults = shown.ToString().Split('\n').Where(line => line.EndsWith("# default", StringComparison.Ordinal)).Select(line => line.Split("  #")[0].Trim());

        // An exposure cannot be positive, so the key belongs to actions only.
        Assert.AreEqual("positive: false", string.Join(", ", defaults));
    }

    private static string Example(string name) => Path.Combine(Repository.Root, "examples", name);
}
