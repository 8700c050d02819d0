using Pipeline.Blocks.Sinks;
using Pipeline.Configuration;

namespace Pipeline.Tests.Configuration;

[TestClass]
public sealed class SecretTests
{
    private const string Secret = "s3cr3t-value";

    private static readonly Dictionary<string, string> Environment = new() { ["USER_NAME"] = Secret, ["MODE"] = Secret };

    [TestMethod]
    public void References_AreReplacedAnywhereInAText()
    {
        using var job = new JobText();
        File.WriteAllText(Path.Combine(job.BaseDirectory, "password.txt"), "from-file\n");

        var sink = (KafkaSinkOptions)job.LoadSound(
            WithProperties("sasl.username: 'u-${env:USER_NAME}', sasl.password: '${file:password.txt}', client.id: '${env:USER_NAME}/${file:password.txt}/'"), environment: Environment).Sink;

        Assert.AreEqual("u-" + Secret, sink.Properties["sasl.username"]);
        Assert.AreEqual("from-file", sink.Properties["sasl.password"]);
        Assert.AreEqual(Secret + "/from-file/", sink.Properties["client.id"]);
    }

    [TestMethod]
    [DataRow("${env:NO_SUCH}", "the environment has no variable NO_SUCH")]
    [DataRow("${vault:a}", "${vault:a} is no reference; expected ${env:NAME} or ${file:PATH}")]
    [DataRow("${env:USER_NAME", "${ without its }")]
    public void BrokenReference_IsAMistake(string reference, string mistake)
    {
        using var job = new JobText();

        Assert.AreEqual($"job.yaml:16: output.sink.kafka.properties.client.id: {mistake}", job.LoadMistakes(WithProperties($"client.id: '{reference}'"), environment: Environment));
    }

    [TestMethod]
    public void UnreadableSecretFile_IsAMistakeWithItsPath()
    {
        using var job = new JobText();

        Assert.Contains("no-such-file", job.LoadMistakes(WithProperties("client.id: '${file:no-such-file}'")));
    }

    [TestMethod]
    public void SecretsOfEveryKind_AreMaskedInTheEffectiveConfiguration()
    {
        using var job = new JobText();
        const string Plain = "sasl.password: plain-secret-1, ssl.key.password: plain-secret-2, sasl.oauthbearer.client.secret: plain-secret-3, ssl.key.pem: plain-secret-4";
        LoadedJob loaded = job.Load(WithProperties($"client.id: 'x${{env:USER_NAME}}', {Plain}"), environment: Environment);
        var shown = new StringWriter();

        loaded.Effective.Write(shown);

        Assert.IsEmpty(loaded.Errors, string.Join('\n', loaded.Errors));
        Assert.DoesNotContain(Secret, shown.ToString());
        Assert.DoesNotContain("plain-secret", shown.ToString());
        Assert.Contains("sasl.password: \"***\"", shown.ToString());
        Assert.AreEqual("*** and ***", loaded.Secrets.Mask($"{Secret} and plain-secret-3"));
    }

    [TestMethod]
    public void MistakesAboutASecretsText_DoNotQuoteIt()
    {
        using var job = new JobText();
        const string Wrong = "${env:MODE}";

        string mistakes = job.LoadMistakes(
            WithProperties($"security.protocol: '{Wrong}'"),
            ["time=" + Wrong, "window.length=" + Wrong, "streams.0.name=a b" + Wrong, "streams.0.time=" + Wrong, "parallelism.lanes=" + Wrong, "output.features=" + Wrong, "job=a b" + Wrong],
            Environment);

        Assert.DoesNotContain(Secret, mistakes);
        Assert.Contains("found '***'", mistakes);
        Assert.HasCount(8, mistakes.Split('\n'));
    }

    private static string WithProperties(string properties) =>
        JobText.SmallWith("files: { dir: out }", $"kafka: {{ bootstrap: 'b:1', topic: t, properties: {{ {properties} }} }}");
}
