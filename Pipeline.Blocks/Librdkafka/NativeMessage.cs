using System.Runtime.InteropServices;

namespace Pipeline.Blocks.Librdkafka;

/// <summary><c>rd_kafka_message_t</c>: a record that was consumed, or is to be produced. Source: <c>rdkafka.h</c>; its layout is part of librdkafka's stable ABI.</summary>
/// <remarks>
/// Ownership: a consumed one and all it points to are librdkafka's until <see cref="NativeMethods.Destroy"/>; one to be produced and what it points to are the
/// caller's; the call copies the key, and the value if it is told to.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeMessage
{
    /// <summary>0, or an error, as <c>Confluent.Kafka.ErrorCode</c> numbers them.</summary>
    public int Error;

    /// <summary>Consumed: the topic's handle.</summary>
    public nint Topic;

    /// <summary>The partition.</summary>
    public int Partition;

    /// <summary>The value; null for none. Of an error: its text.</summary>
    public byte* Value;

    /// <summary>Bytes of the value.</summary>
    public nuint ValueLength;

    /// <summary>The key; null for none.</summary>
    public byte* Key;

    /// <summary>Bytes of the key.</summary>
    public nuint KeyLength;

    /// <summary>Consumed: the offset.</summary>
    public long Offset;

    /// <summary>Consumed: librdkafka's own. Produced: handed to the delivery report.</summary>
    public nint Opaque;
}
