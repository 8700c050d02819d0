using System.Reflection;
using System.Runtime.InteropServices;

namespace Pipeline.Blocks.Librdkafka;

/// <summary>The functions of librdkafka that Confluent.Kafka does not offer, or offers for one record at a time. Source: <c>rdkafka.h</c>.</summary>
internal static unsafe partial class NativeMethods
{
    /// <summary>RD_KAFKA_PARTITION_UA: the partitioner decides.</summary>
    public const int AnyPartition = -1;

    /// <summary>RD_KAFKA_MSG_F_COPY: values are copied before the call returns, as keys always are; without it they are read until the record is delivered or dropped.</summary>
    public const int Copy = 0x2;

    /// <summary>RD_KAFKA_PRODUCER.</summary>
    public const int Producer = 0;

    /// <summary>RD_KAFKA_CONF_OK.</summary>
    public const int Ok = 0;

    private const string Name = "librdkafka";

    static NativeMethods() => NativeLibrary.SetDllImportResolver(typeof(NativeMethods).Assembly, Resolve);

    [LibraryImport(Name, EntryPoint = "rd_kafka_version")]
    public static partial int Version();

    /// <summary>A reference to the queue that a consumer polls, or 0; to be given back.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_queue_get_consumer")]
    public static partial nint ConsumerQueue(nint client);

    /// <summary>A reference to the queue of a producer's events; to be given back.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_queue_get_main")]
    public static partial nint MainQueue(nint client);

    /// <summary>A reference to the queue of an assigned partition, or 0; to be given back.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_queue_get_partition", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint PartitionQueue(nint client, string topic, int partition);

    /// <summary>Lets what comes into a queue go into another instead; 0: it stays.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_queue_forward")]
    public static partial void Forward(nint queue, nint to);

    /// <summary>Has a function called, by any thread of the client, when a queue that was empty is no longer; null: nothing is called any more.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_queue_cb_event_enable")]
    public static partial void Signal(nint queue, delegate* unmanaged[Cdecl]<nint, nint, void> filled, nint opaque);

    [LibraryImport(Name, EntryPoint = "rd_kafka_queue_length")]
    public static partial nuint QueueLength(nint queue);

    [LibraryImport(Name, EntryPoint = "rd_kafka_queue_destroy")]
    public static partial void DestroyQueue(nint queue);

    /// <summary>Serves the client's events and fills in records, each to be destroyed. Waits for as many as asked for, up to the timeout.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_consume_batch_queue")]
    public static partial nint Consume(nint queue, int timeoutMs, NativeMessage** messages, nuint count);

    // It reads two fields: to switch the thread's mode around it would cost more than the call.
    [LibraryImport(Name, EntryPoint = "rd_kafka_message_timestamp")]
    [SuppressGCTransition]
    public static partial long Timestamp(NativeMessage* message, out int type);

    [LibraryImport(Name, EntryPoint = "rd_kafka_message_destroy")]
    public static partial void Destroy(NativeMessage* message);

    /// <summary>Text of a consumed error; the message's.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_message_errstr")]
    public static partial byte* ErrorText(NativeMessage* message);

    /// <summary>The name; lives as long as the topic's handle.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_topic_name")]
    public static partial byte* TopicName(nint topic);

    /// <summary>The error that ended a client; 0: none has.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_fatal_error")]
    public static partial int FatalError(nint client, byte* text, nuint size);

    /// <summary>A handle of a topic with the client's own topic properties; to be destroyed before the client.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_topic_new", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint NewTopic(nint client, string name, nint configuration);

    [LibraryImport(Name, EntryPoint = "rd_kafka_topic_destroy")]
    public static partial void DestroyTopic(nint topic);

    [LibraryImport(Name, EntryPoint = "rd_kafka_last_error")]
    public static partial int LastError();

    /// <summary>Queues records in order, with an error in each that was not taken; returns how many were. Behind one that found the queue full it takes none.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_produce_batch")]
    public static partial int Produce(nint topic, int partition, int flags, NativeMessage* messages, int count);

    [LibraryImport(Name, EntryPoint = "rd_kafka_conf_new")]
    public static partial nint NewConfiguration();

    [LibraryImport(Name, EntryPoint = "rd_kafka_conf_destroy")]
    public static partial void DestroyConfiguration(nint configuration);

    [LibraryImport(Name, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Set(nint configuration, string name, string value, byte* error, nuint size);

    [LibraryImport(Name, EntryPoint = "rd_kafka_conf_set_opaque")]
    public static partial void SetOpaque(nint configuration, nint opaque);

    [LibraryImport(Name, EntryPoint = "rd_kafka_conf_set_dr_msg_cb")]
    public static partial void SetDelivered(nint configuration, delegate* unmanaged[Cdecl]<nint, NativeMessage*, nint, void> delivered);

    [LibraryImport(Name, EntryPoint = "rd_kafka_conf_set_error_cb")]
    public static partial void SetFailed(nint configuration, delegate* unmanaged[Cdecl]<nint, int, byte*, nint, void> failed);

    [LibraryImport(Name, EntryPoint = "rd_kafka_conf_set_log_cb")]
    public static partial void SetLog(nint configuration, delegate* unmanaged[Cdecl]<nint, int, byte*, byte*, void> log);

    /// <summary>Makes a client, which owns the configuration from then on; 0: the error is told, and the caller still owns it.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_new")]
    public static partial nint NewClient(int type, nint configuration, byte* error, nuint size);

    [LibraryImport(Name, EntryPoint = "rd_kafka_destroy")]
    public static partial void DestroyClient(nint client);

    /// <summary>Serves callbacks; waits up to the timeout for the first.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_poll")]
    public static partial int Poll(nint client, int timeoutMs);

    [LibraryImport(Name, EntryPoint = "rd_kafka_flush")]
    public static partial int Flush(nint client, int timeoutMs);

    /// <summary>Records not delivered yet, and events not served yet.</summary>
    [LibraryImport(Name, EntryPoint = "rd_kafka_outq_len")]
    public static partial int Unended(nint client);

    /// <summary>Text of one of librdkafka's own strings.</summary>
    public static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name == Name ? ClientLibrary.Open() : 0;
}
