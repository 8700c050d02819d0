using System.Numerics;
using Pipeline.Blocks.Records;

namespace Pipeline.Blocks.Partitioning;

/// <summary>The most frequent keys of a stream in fixed memory: the Space-Saving sketch (Metwally, Agrawal and El Abbadi, 2005), weighted and decayed.</summary>
/// <remarks>
/// With <c>k</c> places every key with more than <c>total / k</c>, and a weight, has one, and its count is too high by at most <see cref="ErrorOf"/>. Adding allocates nothing; a key
/// without a place takes that of one of the
/// least: none is less by the weight or more. They are gone through in turn, so that one pass over the counts serves many keys. Threading: one thread.
/// </remarks>
public sealed class SpaceSaving
{
    private readonly KeyHash[] _keys;
    private readonly ulong[] _counts;
    private readonly ulong[] _errors;
    private readonly int[] _heads;
    private readonly int[] _next;
    private readonly int _mask;
    private int _used;
    private int _turn;
    private ulong _bar;

    /// <summary>An empty sketch.</summary>
    /// <param name="places">Keys it can hold.</param>
    public SpaceSaving(int places)
    {
        _keys = new KeyHash[places];
        _counts = new ulong[places];
        _errors = new ulong[places];
        _next = new int[places];
        _heads = new int[BitOperations.RoundUpToPowerOf2((uint)places * 2)];
        _mask = _heads.Length - 1;
        Array.Fill(_heads, -1);
    }

    /// <summary>Weight of everything added, decayed.</summary>
    public ulong Total { get; private set; }

    /// <summary>Counts a key; returns its place, which is its own until another key is counted.</summary>
    public int Add(KeyHash key, uint weight)
    {
        Total += weight;
        int place = Find(key);
        if (place < 0) place = _used < _keys.Length ? Begin(_used++, key, 0) : Replace(key, weight);
        _counts[place] += weight;
        return place;
    }

    /// <summary>A key's place; -1 for none.</summary>
    public int Find(KeyHash key)
    {
        for (int place = _heads[Slot(key)]; place >= 0; place = _next[place])
            if (_keys[place] == key) return place;
        return -1;
    }

    /// <summary>A place's count: the key's weight, or more.</summary>
    public ulong CountOf(int place) => _counts[place];

    /// <summary>By how much the count may be too high.</summary>
    public ulong ErrorOf(int place) => _errors[place];

    /// <summary>Halves everything: what is older counts less.</summary>
    public void Halve()
    {
        Total >>= 1;
        _bar >>= 1;
        for (int place = 0; place < _used; place++)
        {
            _counts[place] >>= 1;
            _errors[place] >>= 1;
        }
    }

    private int Replace(KeyHash key, uint weight)
    {
        int place = NextBelow(_bar);
        if (place < 0)
        {
            ulong least = ulong.MaxValue;
            foreach (ulong count in _counts) least = Math.Min(least, count);
            _bar = least + weight - 1;
            place = NextBelow(_bar);
        }
        Unlink(place);
        return Begin(place, key, _counts[place]);
    }

    /// <summary>The next place, from where the last one was found on, with no more than this; -1 for none.</summary>
    private int NextBelow(ulong bar)
    {
        for (int seen = 0; seen < _counts.Length; seen++)
        {
            if (++_turn >= _counts.Length) _turn = 0;
            if (_counts[_turn] <= bar) return _turn;
        }
        return -1;
    }

    private int Begin(int place, KeyHash key, ulong count)
    {
        int slot = Slot(key);
        _keys[place] = key;
        _counts[place] = _errors[place] = count;
        _next[place] = _heads[slot];
        _heads[slot] = place;
        return place;
    }

    private void Unlink(int place)
    {
        ref int link = ref _heads[Slot(_keys[place])];
        while (link != place) link = ref _next[link];
        link = _next[place];
    }

    // Not the lowest bits: they are the key group, and one lane's keys would share them.
    private int Slot(KeyHash key) => (int)(key.Hi & (uint)_mask);
}
