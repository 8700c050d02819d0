using Confluent.Kafka;

namespace Pipeline.Blocks.Sinks;

/// <summary>Some bytes of a batch, as a record's key or value; the default is a null one.</summary>
internal readonly record struct Slice(byte[] Bytes, int Start, int Length);

/// <summary>The one copy that the client's interface asks for: it takes arrays only.</summary>
internal sealed class SliceSerializer : ISerializer<Slice>
{
    /// <inheritdoc/>
    public byte[] Serialize(Slice data, SerializationContext context) => data.Bytes is null ? null! : data.Bytes.AsSpan(data.Start, data.Length).ToArray();
}
