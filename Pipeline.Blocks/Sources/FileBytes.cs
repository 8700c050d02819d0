using Microsoft.Win32.SafeHandles;

namespace Pipeline.Blocks.Sources;

/// <summary>A file's own bytes from a position up to a limit; a file that grows can be read on after its end was met.</summary>
/// <remarks>Errors: bytes missing below the limit, or a file that is not there any more, throw <see cref="SourceChangedException"/>.</remarks>
internal sealed class FileBytes : Stream
{
    private readonly SafeFileHandle _handle;
    private readonly string _path;
    private readonly long _limit;

    /// <summary>Opens the file; without a limit (<see cref="long.MaxValue"/>) it may grow.</summary>
    public FileBytes(string path, long limit)
    {
        (_path, _limit) = (path, limit);
        try
        {
            _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SourceChangedException(path, "a file", "none");
        }
    }

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        long left = _limit - Position;
        if (left < buffer.Length) buffer = buffer[..(int)Math.Max(left, 0)];
        if (buffer.Length == 0) return 0;
        int read = RandomAccess.Read(_handle, buffer, Position);
        if (read == 0 && _limit != long.MaxValue) throw new SourceChangedException(_path, $"{_limit} bytes", $"{RandomAccess.GetLength(_handle)} bytes");
        Position += read;
        return read;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _handle.Dispose();
        base.Dispose(disposing);
    }
}
