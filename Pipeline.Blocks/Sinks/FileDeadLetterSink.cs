using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Sinks;

/// <summary>Appends dead letters to <c>DIR/dead-letters.jsonl</c>, one JSON object a line.</summary>
/// <remarks>
/// <c>reason, stream, source, partition, offset, timestamp</c> (left out when there is none) and <c>value</c> when the bytes are UTF-8, else
/// <c>value_base64</c>; <c>"value":null</c> for a record without one. A line that a crash cut is removed at the next start: its letter comes again.
/// One process at a time: from <see cref="OpenAsync"/> on <c>DIR/_dead-letters.lock</c> is held.
/// Threading: one call at a time. Errors: <see cref="SinkLockedException"/>; else as <see cref="StorageRetry"/> and <see cref="SinkFile.Sync"/> say.
/// </remarks>
public sealed class FileDeadLetterSink : IDeadLetterSink
{
    /// <summary>The file's name.</summary>
    public const string FileName = "dead-letters.jsonl";

    private const string LockName = "_dead-letters.lock";

    // Relaxed: letters are read by people and tools, never put into HTML.
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly string _directory;
    private readonly DeadLetterSinkSettings _settings;
    private readonly IFileStore _store;
    private readonly StorageRetry _retry;
    private readonly ArrayBufferWriter<byte> _line = new(4096);
    private OutputDirectory? _held;
    private SinkFile? _file;

    /// <summary>A sink on real files.</summary>
    public FileDeadLetterSink(FileSinkOptions options, DeadLetterSinkSettings settings) : this(options, settings, FileStore.Real)
    {
    }

    /// <summary>A sink on a test's files.</summary>
    internal FileDeadLetterSink(FileSinkOptions options, DeadLetterSinkSettings settings, IFileStore store)
    {
        _directory = Path.GetFullPath(options.Dir);
        (_settings, _store) = (settings, store);
        _retry = new StorageRetry(settings);
    }

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken stop)
    {
        _held = OutputDirectory.Open(_directory, LockName, _store);
        string path = Path.Combine(_directory, FileName);
        _file = new SinkFile(path, _store, _retry);
        _file.Truncate(_file.LengthOfLines());
        _store.SyncDirectory(_directory);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(DeadLetterBatch batch, CancellationToken stop)
    {
        foreach (DeadLetter letter in batch.Letters)
        {
            _line.ResetWrittenCount();
            Format(letter, batch.Bytes);
            _file!.Append(_line.WrittenSpan);
            _file.Append("\n"u8);
            if (_file.Full) await _file.WriteAsync(stop).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task FlushAsync(CancellationToken stop) => await _file!.SyncAsync(stop).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _file?.Dispose();
        _held?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Format(DeadLetter letter, byte[] bytes)
    {
        SourcePartition partition = _settings.Directory[letter.Partition];
        using var json = new Utf8JsonWriter(_line, Relaxed);
        json.WriteStartObject();
        json.WriteString("reason", letter.Reason.Name());
        json.WriteString("stream", _settings.StreamNames[letter.Stream]);
        json.WriteString("source", partition.Source);
        json.WriteNumber("partition", partition.Number);
        json.WriteNumber("offset", letter.Offset);
        if (letter.Timestamp != SourcePartition.NoTime) json.WriteNumber("timestamp", letter.Timestamp);
        if (letter.Length < 0) json.WriteNull("value");
        else WriteValue(json, bytes.AsSpan(letter.Start, letter.Length));
        json.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> value)
    {
        if (Utf8.IsValid(value)) json.WriteString("value", value);
        else json.WriteBase64String("value_base64", value);
    }
}
