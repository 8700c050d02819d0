using Microsoft.Win32.SafeHandles;

namespace Pipeline.Generation;

/// <summary>The log as files: <c>exposure-&lt;p&gt;.jsonl</c> and <c>click-&lt;p&gt;.jsonl</c> of one directory; earlier ones are replaced.</summary>
internal sealed class LogFiles : ILogWriter
{
    // 256 KiB a file: beyond it writing to the page cache costs no less, and 2 × 64 partitions still take 32 MiB only.
    private const int BufferBytes = 256 << 10;

    private readonly LogFile[] _exposures;
    private readonly LogFile[] _clicks;

    public LogFiles(string directory, int partitions)
    {
        Directory.CreateDirectory(directory);
        _exposures = Create(directory, "exposure", partitions);
        _clicks = Create(directory, "click", partitions);
    }

    public void Write(bool exposure, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> line) =>
        (exposure ? _exposures : _clicks)[partition].WriteLine(line);

    public void Complete()
    {
        foreach (LogFile file in _exposures) file.Flush();
        foreach (LogFile file in _clicks) file.Flush();
    }

    public void Dispose()
    {
        foreach (LogFile file in _exposures) file.Dispose();
        foreach (LogFile file in _clicks) file.Dispose();
    }

    private static LogFile[] Create(string directory, string stream, int partitions)
    {
        var files = new LogFile[partitions];
        for (int p = 0; p < partitions; p++) files[p] = new LogFile(Path.Combine(directory, $"{stream}-{p}.jsonl"));
        return files;
    }

    private sealed class LogFile(string path) : IDisposable
    {
        private readonly SafeFileHandle _file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        private readonly byte[] _buffer = new byte[BufferBytes];
        private int _used;
        private long _written;

        public void WriteLine(ReadOnlySpan<byte> line)
        {
            if (_used + line.Length + 1 > BufferBytes) Flush();
            line.CopyTo(_buffer.AsSpan(_used));
            _used += line.Length;
            _buffer[_used++] = (byte)'\n';
        }

        public void Flush()
        {
            RandomAccess.Write(_file, _buffer.AsSpan(0, _used), _written);
            _written += _used;
            _used = 0;
        }

        public void Dispose() => _file.Dispose();
    }
}
