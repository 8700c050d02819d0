using Confluent.Kafka;

namespace Pipeline.Blocks.Sinks;

/// <summary>Some bytes of a batch, as a record's key or value; the default is a null one.</summary>
internal readonly record struct Slice(byte[] Bytes, int Start, int Length);

/// <summary>The one copy that the client's interface asks for, unless a whole array is given: it takes arrays only, and copies them.</summary>
internal sealed class SliceSerializer : ISerializer<Slice>
{
    /// <inheritdoc/>
    public byte[] Serialize(Slice data, SerializationContext context) => data.Bytes is null ? null! : data.Length == data.Bytes.Length ? data.Bytes : data.Bytes.AsSpan(data.Start, data.Length).ToArray();
}
