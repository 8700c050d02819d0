namespace Pipeline.Configuration;

/// <summary>Tells from its name that a librdkafka property holds a secret.</summary>
internal static class SecretNames
{
    /// <summary>What is printed in place of a secret.</summary>
    public const string Mask = "***";

    private static readonly string[] Marks =
        ["password", "passphrase", "secret", "key.pem", "sasl.jaas", "sasl.oauthbearer.config", "token", "credential"];

    /// <summary>Whether the property's value is never printed.</summary>
    public static bool Matches(string property) => Marks.Any(mark => property.Contains(mark, StringComparison.OrdinalIgnoreCase));
}
