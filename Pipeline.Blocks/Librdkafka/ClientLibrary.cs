using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Pipeline.Blocks.Librdkafka;

/// <summary>The librdkafka that Confluent.Kafka has loaded, of the builds it ships, and the handles of its clients.</summary>
/// <remarks>
/// Both are internal there and are looked up by name, once. A second copy of the library must never see a handle of the first, so nothing is guessed:
/// what is not found is an error that names it, and <see cref="Problem"/> tells it before anything is opened. Threading: any.
/// </remarks>
internal static class ClientLibrary
{
    private static readonly PropertyInfo? HandleProperty = typeof(Handle).GetProperty("LibrdkafkaHandle", BindingFlags.Instance | BindingFlags.NonPublic);
    private static readonly Lazy<string?> Found = new(FindProblem);

    /// <summary>Null, or why batches cannot be read and produced natively.</summary>
    public static string? Problem => Found.Value;

    /// <summary>The handle of a client (<c>rd_kafka_t</c>); the client owns it.</summary>
    public static SafeHandle HandleOf(Handle client) =>
        HandleProperty?.GetValue(client) as SafeHandle ?? throw new InvalidOperationException($"Expected a SafeHandle in {typeof(Handle)}.LibrdkafkaHandle, found {Describe(HandleProperty)}");

    /// <summary>Opens the library once more, which gives the one that is loaded.</summary>
    /// <exception cref="InvalidOperationException">Confluent.Kafka is built otherwise than expected.</exception>
    public static nint Open()
    {
        Library.Load();
        Assembly client = typeof(Library).Assembly;
        FieldInfo? version = client.GetType("Confluent.Kafka.Impl.Librdkafka")?.GetField("_version", BindingFlags.Static | BindingFlags.NonPublic);
        // The delegate's method is the import from the build that could be loaded.
        Type? imports = (version?.GetValue(null) as Delegate)?.Method.DeclaringType;
        return imports?.GetField("DllName")?.GetRawConstantValue() is string build
            ? NativeLibrary.Load(build, client, searchPath: null)
            : throw new InvalidOperationException($"Expected the name of the loaded librdkafka in Confluent.Kafka.Impl.Librdkafka._version, found {Describe(version)} and {Describe(imports)}");
    }

    private static string? FindProblem()
    {
        if (HandleProperty is null || !typeof(SafeHandle).IsAssignableFrom(HandleProperty.PropertyType)) return $"{typeof(Handle)}.LibrdkafkaHandle is {Describe(HandleProperty)}";
        try
        {
            int found = NativeMethods.Version();
            return found == Library.Version ? null : $"librdkafka {Library.Version:x} is loaded, but {found:x} was found";
        }
        catch (Exception missing) when (missing is InvalidOperationException or DllNotFoundException or EntryPointNotFoundException)
        {
            return missing.Message;
        }
    }

    private static string Describe(MemberInfo? found) => found?.ToString() ?? "none";
}
