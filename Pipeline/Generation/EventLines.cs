using System.Buffers.Text;

namespace Pipeline.Generation;

/// <summary>Writes exposure number i and its click as JSON. Everything but the times is a function of (seed, i), so a pending click is only its number.</summary>
/// <remarks>Threading: one at a time. Ownership: <see cref="Line"/> and <see cref="Key"/> are valid until the next write.</remarks>
internal sealed class EventLines(SyntheticLogOptions options)
{
    private const ulong WhoAndWhat = 0, ExposureFields = 1, ClickFields = 2;
    private const int ExposuresPerRequest = 8;
    private static readonly byte[][] Scenes = ["feed"u8.ToArray(), "search"u8.ToArray(), "video"u8.ToArray(), "detail"u8.ToArray()];
    private static readonly byte[][] Devices = ["android"u8.ToArray(), "ios"u8.ToArray(), "web"u8.ToArray(), "tablet"u8.ToArray()];

    private readonly ZipfLaw _users = new(options.Users, options.Zipf);
    private readonly byte[] _line = new byte[512];
    private readonly byte[] _key = new byte[64];
    private int _length;
    private int _keyLength;
    private long _user;
    private long _item;

    public ReadOnlySpan<byte> Line => _line.AsSpan(0, _length);

    /// <summary>The join key's texts joined by <c>|</c>.</summary>
    public ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyLength);

    /// <summary>Partition of the written event: a function of its join key, the same for exposures and clicks.</summary>
    public int Partition => (int)(SplitMix64.Mix(SplitMix64.Mix((ulong)_user) ^ (ulong)_item) % (ulong)options.Partitions);

    public void WriteExposure(long number, long time)
    {
        Begin(number, 0);
        var random = new SplitMix64(options.Seed, (ulong)number, ExposureFields);
        Put("\",\"request_id\":\""u8);
        PutHex(SplitMix64.Mix(~options.Seed ^ SplitMix64.Mix((ulong)(number / ExposuresPerRequest))));
        Put("\",\"ts\":"u8);
        PutNumber(time);
        Put(",\"scene\":\""u8);
        Put(Scenes[random.Below(Scenes.Length)]);
        Put("\",\"position\":"u8);
        PutNumber(1 + random.Below(50));
        Put(",\"device\":\""u8);
        Put(Devices[random.Below(Devices.Length)]);
        ulong features = random.Next();
        Put("\",\"features\":{\"f1\":"u8);
        PutThousandths(features & 0xFFFF);
        Put(",\"f2\":"u8);
        PutThousandths((features >> 16) & 0xFFFF);
        Put(",\"f3\":"u8);
        PutThousandths((features >> 32) & 0xFFFF);
        Put(",\"f4\":"u8);
        PutNumber((long)((features >> 48) & 0x3FF));
        Put(",\"f5\":"u8);
        PutNumber((long)(features >> 58));
        features = random.Next();
        Put(",\"f6\":"u8);
        PutThousandths(features & 0xFFFF);
        Put(",\"f7\":"u8);
        PutNumber((long)(features >> 61));
        Put("}}"u8);
    }

    public void WriteClick(long number, long time)
    {
        Begin(number, 1);
        var random = new SplitMix64(options.Seed, (ulong)number, ClickFields);
        Put("\",\"ts\":"u8);
        PutNumber(time);
        Put(",\"dwell_ms\":"u8);
        PutNumber(200 + random.Below(120_000));
        Put("}"u8);
    }

    private void Begin(long number, uint click)
    {
        var random = new SplitMix64(options.Seed, (ulong)number, WhoAndWhat);
        _user = _users.Draw(ref random);
        _item = 1 + random.Below(options.Items);
        if (options.HotShare > 0 && random.Unit() < options.HotShare) _user = _item = 1;
        _length = 0;
        Put("{\"event_id\":\""u8);
        PutHex(SplitMix64.Mix(options.Seed ^ SplitMix64.Mix(((ulong)number << 1) | click)));
        Put("\",\"user_id\":\""u8);
        int user = _length;
        Put("u"u8);
        PutNumber(_user);
        int userLength = _length - user;
        Put("\",\"item_id\":\""u8);
        int item = _length;
        Put("i"u8);
        PutNumber(_item);
        _line.AsSpan(user, userLength).CopyTo(_key);
        _key[userLength] = (byte)'|';
        _line.AsSpan(item, _length - item).CopyTo(_key.AsSpan(userLength + 1));
        _keyLength = userLength + 1 + _length - item;
    }

    private void Put(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_line.AsSpan(_length));
        _length += text.Length;
    }

    private void PutNumber(long value)
    {
        Utf8Formatter.TryFormat(value, _line.AsSpan(_length), out int written);
        _length += written;
    }

    private void PutHex(ulong value)
    {
        Utf8Formatter.TryFormat(value, _line.AsSpan(_length), out int written, new('x', 16));
        _length += written;
    }

    private void PutThousandths(ulong bits)
    {
        Put("0."u8);
        Utf8Formatter.TryFormat(bits % 1000, _line.AsSpan(_length), out int written, new('D', 3));
        _length += written;
    }
}
