namespace Pipeline.Generation;

/// <summary>Where a synthetic log goes.</summary>
/// <remarks>Threading: one at a time. Errors: I/O errors throw. Disposing without <see cref="Complete"/> abandons what is buffered.</remarks>
internal interface ILogWriter : IDisposable
{
    /// <summary>Takes one event; its bytes are copied.</summary>
    void Write(bool exposure, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> line);

    /// <summary>Returns when everything written is at its place.</summary>
    void Complete();
}
