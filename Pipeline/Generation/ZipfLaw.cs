namespace Pipeline.Generation;

/// <summary>Draws ranks 1 … n with probability proportional to rank^−s, in constant time and memory.</summary>
/// <remarks>
/// Source: Hörmann, Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions", ACM TOMACS 6(3), 1996.
/// The names H and h are the paper's: h(x) = x^−s and H its integral. s = 0 is drawn directly.
/// </remarks>
public sealed class ZipfLaw
{
    private readonly long _ranks;
    private readonly double _exponent;
    private readonly double _upper;
    private readonly double _span;
    private readonly double _sureDistance;

    /// <summary>A law over ranks 1 … <paramref name="ranks"/>.</summary>
    public ZipfLaw(long ranks, double exponent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(exponent);
        _ranks = ranks;
        _exponent = exponent;
        _upper = Integral(ranks + 0.5);
        _span = Integral(1.5) - 1 - _upper;
        _sureDistance = 2 - Inverse(Integral(2.5) - Density(2));
    }

    /// <summary>The next rank.</summary>
    public long Draw(ref SplitMix64 random)
    {
        if (_exponent == 0) return 1 + random.Below(_ranks);
        while (true)
        {
            double area = _upper + random.Unit() * _span;
            double point = Inverse(area);
            long rank = Math.Clamp((long)(point + 0.5), 1, _ranks);
            if (rank - point <= _sureDistance || area >= Integral(rank + 0.5) - Density(rank)) return rank;
        }
    }

    private double Density(double x) => Math.Exp(-_exponent * Math.Log(x));

    private double Integral(double x)
    {
        double log = Math.Log(x);
        return ExpM1OverX((1 - _exponent) * log) * log;
    }

    private double Inverse(double area) => Math.Exp(Log1POverX(Math.Max(area * (1 - _exponent), -1)) * area);

    // Near 0, where the quotients lose their digits (s near 1), the first terms of their series are exact to a double.
    private static double ExpM1OverX(double x) =>
        Math.Abs(x) > 1e-3 ? (Math.Exp(x) - 1) / x : 1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5)));

    private static double Log1POverX(double x) =>
        Math.Abs(x) > 1e-3 ? Math.Log(1 + x) / x : 1 - x * (1 / 2.0 - x * (1 / 3.0 - x * (1 / 4.0 - x / 5)));
}
