using Confluent.Kafka;
using Pipeline.Blocks.Librdkafka;

namespace Pipeline.Tests.Sources;

[TestClass]
public sealed class ClientLibraryTests
{
    [TestMethod]
    public void Library_IsTheOneTheClientLoaded()
    {
        Assert.IsNull(ClientLibrary.Problem, "A Confluent.Kafka of another shape is read record by record: adapt ClientLibrary");
        using IProducer<Null, Null> client = new ProducerBuilder<Null, Null>(new ProducerConfig { BootstrapServers = "127.0.0.1:1" }).SetLogHandler(static (_, _) => { }).Build();
        Assert.AreEqual(Library.Version, NativeMethods.Version());

        if (!OperatingSystem.IsLinux()) return;
        string[] mapped = [.. File.ReadLines("/proc/self/maps").Where(static line => line.Contains("librdkafka", StringComparison.Ordinal)).Select(static line => line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries)[^1]).Distinct()];
        Assert.HasCount(1, mapped, string.Join(", ", mapped));
    }
}
