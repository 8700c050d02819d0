namespace Pipeline.Generation;

/// <summary>A small seeded random sequence; any number of independent ones can be opened at once, so that nothing drawn has to be remembered.</summary>
/// <remarks>Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.</remarks>
public struct SplitMix64
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private ulong _state;

    /// <summary>Opens the sequence of one subject (an exposure's number, say) and one purpose under a seed.</summary>
    public SplitMix64(ulong seed, ulong subject, ulong purpose) => _state = Mix(Mix(seed + Gamma) ^ (subject * Gamma)) ^ Mix(purpose + 1);

    /// <summary>64 random bits.</summary>
    public ulong Next() => Mix(_state += Gamma);

    /// <summary>Uniform in [0, 1).</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0 … <paramref name="count"/> − 1.</summary>
    public long Below(long count) => (long)Math.BigMul(Next(), (ulong)count, out _);

    /// <summary>Scatters 64 bits; one to one.</summary>
    public static ulong Mix(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
}
