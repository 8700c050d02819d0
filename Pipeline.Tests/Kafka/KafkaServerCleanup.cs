namespace Pipeline.Tests.Kafka;

/// <summary>Ends what the whole assembly shared.</summary>
[TestClass]
public sealed class KafkaServerCleanup
{
    /// <summary>Stops the shared broker when all tests have run.</summary>
    [AssemblyCleanup]
    public static void StopShared() => KafkaServer.StopShared();
}
