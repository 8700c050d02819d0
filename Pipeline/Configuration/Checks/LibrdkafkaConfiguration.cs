using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace Pipeline.Configuration.Checks;

/// <summary>A configuration of the native client that is never given to one: it knows every property's name and the form of its value.</summary>
/// <remarks>
/// The managed client tells neither before it connects. Source: <c>rdkafka.h</c>, "Configuration interface".
/// Threading: one thread. Ownership: the caller disposes.
/// </remarks>
internal sealed partial class LibrdkafkaConfiguration : IDisposable
{
    private const string Native = "librdkafka";

    /// <summary>The package's builds, in the order in which Confluent.Kafka tries them: the first needs libsasl2, the last one musl or nothing.</summary>
    private static readonly string[] Builds = [Native, "centos8-librdkafka", "alpine-librdkafka"];

    /// <summary>RD_KAFKA_CONF_UNKNOWN: no such property.</summary>
    private const int Unknown = -2;

    /// <summary>RD_KAFKA_CONF_OK.</summary>
    private const int Ok = 0;

    /// <summary>Second names in use, which a dump leaves out (CONFIGURATION.md: "Alias for …").</summary>
    private static readonly string[] Aliases =
        ["acks", "compression.type", "delivery.timeout.ms", "linger.ms", "max.in.flight", "retries", "sasl.mechanism"];

    private readonly nint _configuration = New();
    private string[]? _names;

    static LibrdkafkaConfiguration() => NativeLibrary.SetDllImportResolver(typeof(LibrdkafkaConfiguration).Assembly, Resolve);

    /// <summary>The names of all properties, also those of topics.</summary>
    public IReadOnlyList<string> Names => _names ??= [.. NamesOf(Dump(_configuration, out nuint count), count), .. TopicNames(), .. Aliases];

    /// <summary>Sets a property.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="known">Whether there is such a property.</param>
    /// <returns>Null, or why it is refused; it may quote the value.</returns>
    public string? Set(string name, string value, out bool known)
    {
        var error = new byte[512];
        int result = Set(_configuration, name, value, error, (nuint)error.Length);
        known = result != Unknown;
        if (result == Ok) return null;
        int length = Math.Max(0, Array.IndexOf(error, (byte)0));
        return !known ? "no such property of librdkafka" : Encoding.UTF8.GetString(error, 0, length);
    }

    /// <inheritdoc/>
    public void Dispose() => Destroy(_configuration);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Native) return 0;
        foreach (string build in Builds)
            if (NativeLibrary.TryLoad(build, assembly, path, out nint handle)) return handle;
        return 0;
    }

    private static string[] TopicNames()
    {
        nint topic = NewTopic();
        string[] names = NamesOf(DumpTopic(topic, out nuint count), count);
        DestroyTopic(topic);
        return names;
    }

    // The dump alternates names and values.
    private static string[] NamesOf(nint dump, nuint count)
    {
        var names = new string[(int)count / 2];
        for (int i = 0; i < names.Length; i++)
            names[i] = Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(dump, 2 * i * nint.Size)) ?? "";
        Free(dump, count);
        return names;
    }

    [LibraryImport(Native, EntryPoint = "rd_kafka_conf_new")]
    private static partial nint New();

    [LibraryImport(Native, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(nint configuration, string name, string value, [Out] byte[] error, nuint errorSize);

    [LibraryImport(Native, EntryPoint = "rd_kafka_conf_destroy")]
    private static partial void Destroy(nint configuration);

    [LibraryImport(Native, EntryPoint = "rd_kafka_conf_dump")]
    private static partial nint Dump(nint configuration, out nuint count);

    [LibraryImport(Native, EntryPoint = "rd_kafka_topic_conf_new")]
    private static partial nint NewTopic();

    [LibraryImport(Native, EntryPoint = "rd_kafka_topic_conf_dump")]
    private static partial nint DumpTopic(nint topic, out nuint count);

    [LibraryImport(Native, EntryPoint = "rd_kafka_topic_conf_destroy")]
    private static partial void DestroyTopic(nint topic);

    [LibraryImport(Native, EntryPoint = "rd_kafka_conf_dump_free")]
    private static partial void Free(nint dump, nuint count);
}
