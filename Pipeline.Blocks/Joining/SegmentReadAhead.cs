namespace Pipeline.Blocks.Joining;

/// <summary>
/// The block of a segment file that was read last: windows that close are read in the order of the log, a thousand to a block, and cost one system
/// call together instead of one each.
/// </summary>
/// <remarks>
/// The block may reach into what is being written or, after a checkpoint, written anew; so it is good only until the next write begins or ends.
/// Threading: one thread.
/// </remarks>
internal sealed class SegmentReadAhead
{
    private const int BlockBytes = 64 << 10;

    private readonly byte[] _block = new byte[BlockBytes];
    private int _segment = -1;
    private long _start;
    private int _length;
    private long _writeTicks;
    private int _lastSegment = -1;
    private long _lastOffset;

    /// <summary>Serves a read that continues where earlier ones were; false when it is to be read by itself. No error is a fault here.</summary>
    public bool TryRead(CheckedFiles files, int segment, long offset, Span<byte> target)
    {
        if (!Continues(segment, offset)) return false;
        if (_writeTicks != files.WriteTicks || !TryCopy(segment, offset, target))
        {
            _writeTicks = files.WriteTicks;
            _length = files.TryRead(segment, offset, _block);
            _segment = segment;
            _start = offset;
            if (!TryCopy(segment, offset, target)) return false;
        }
        files.Counters.Read(target.Length);
        return true;
    }

    private bool Continues(int segment, long offset)
    {
        bool continues = segment == _lastSegment && offset >= _lastOffset && offset - _lastOffset < BlockBytes / 8;
        _lastSegment = segment;
        _lastOffset = offset;
        return continues;
    }

    private bool TryCopy(int segment, long offset, Span<byte> target)
    {
        if (segment != _segment || offset < _start || offset + target.Length > _start + _length) return false;
        _block.AsSpan((int)(offset - _start), target.Length).CopyTo(target);
        return true;
    }
}
