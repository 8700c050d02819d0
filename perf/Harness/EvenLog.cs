using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace Pipeline.Perf.Harness;

/// <summary>
/// Files of exposures of distinct keys, evenly over event time, so that exactly as many windows are open at a time as is asked for, and of clicks on any window that is open:
/// after every so many exposures one, uniformly over the last nine tenths of the window. Lines of about 100 bytes, made by writing digits into a form.
/// </summary>
/// <remarks>
/// Knows what must come of it: which exposures were clicked. Uniform clicks are the hardest for state on disk: nothing says which window is touched next.
/// Memory: one bit an exposure. Threading: one thread.
/// </remarks>
/// <param name="windows">Windows open at once.</param>
/// <param name="steady">Exposures after as many are open.</param>
/// <param name="clickEvery">Exposures for each click.</param>
internal sealed class EvenLog(long windows, long steady, int clickEvery)
{
    /// <summary>Bytes of a line, newline included; of a click's it is a few less.</summary>
    public static readonly int LineBytes = Exposure.Length;

    private const int Files = 4;
    private const int Digits = 10;
    private const int ItemDigits = 4;
    private const int TimeDigits = 13;
    private const long T0 = 1_764_064_800_000;
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(20);

    private readonly BitArray _clicked = new(checked((int)(windows + steady)));
    private readonly Random _random = new(1);
    private readonly byte[] _exposure = [.. Exposure];
    private readonly byte[] _click = [.. Click];

    /// <summary>The job's window.</summary>
    public static string Window => string.Create(CultureInfo.InvariantCulture, $"{Length.TotalMinutes}m");

    /// <summary>Exposures and clicks.</summary>
    public long Records => Exposures + (Exposures / clickEvery);

    /// <summary>Exposures.</summary>
    public long Exposures => windows + steady;

    private static ReadOnlySpan<byte> Exposure => "{\"event_id\":\"e0000000000\",\"user_id\":\"u0000000000\",\"item_id\":\"i0000\",\"ts\":0000000000000,\"pos\":17,\"scene\":\"a\"}\n"u8;

    private static ReadOnlySpan<byte> Click => "{\"event_id\":\"c0000000000\",\"user_id\":\"u0000000000\",\"item_id\":\"i0000\",\"ts\":0000000000000}\n"u8;

    /// <summary>Writes <c>exposure-P.jsonl</c> and <c>click-P.jsonl</c>.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        FileStream[] exposures = Open(folder, "exposure"), clicks = Open(folder, "click");
        long clicked = 0;
        for (long number = 0; number < Exposures; number++)
        {
            exposures[number % Files].Write(Line(_exposure, number, number, number));
            if (number % clickEvery != clickEvery - 1) continue;
            long target = number - _random.NextInt64(Math.Min(windows * 9 / 10, number + 1));
            _clicked[(int)target] = true;
            clicks[clicked % Files].Write(Line(_click, clicked, target, number));
            clicked++;
        }
        foreach (FileStream file in exposures.Concat(clicks)) file.Dispose();
    }

    /// <summary>Whether as many windows are open as are ever at once, and close all along.</summary>
    public bool IsSteady(Scrape look) => look.Sum("pipeline_samples_total") > 0 && look.Sum("pipeline_windows_open") >= windows * 0.99;

    /// <summary>Compares what came of the whole log with it, and gives the number of samples; anything else than the log has fails.</summary>
    public long Check(JsonElement summary)
    {
        long samples = summary.GetProperty("samples").GetInt64(), positives = summary.GetProperty("positives").GetInt64();
        long expected = PositivesOf(samples);
        if (summary.GetProperty("source_records").GetInt64() != Records || positives != expected)
            throw new InvalidOperationException($"Of {Records:N0} records and {samples:N0} samples {positives:N0} are positive, expected {expected:N0}: {summary}");
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"checked: {samples:N0} samples, {positives:N0} positive as the log has it"));
        return samples;
    }

    /// <summary>How many of the first exposures were clicked: windows close in the order of the exposures.</summary>
    private long PositivesOf(long first)
    {
        long positives = 0;
        for (int number = 0; number < first; number++)
            if (_clicked[number]) positives++;
        return positives;
    }

    private static FileStream[] Open(string folder, string stream) =>
        [.. Enumerable.Range(0, Files).Select(file => new FileStream(Path.Combine(folder, $"{stream}-{file}.jsonl"), FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))];

    private byte[] Line(byte[] line, long id, long key, long at)
    {
        const int Id = 14, User = Id + Digits + 14, Item = User + Digits + 14, Time = Item + ItemDigits + 7;
        Put(line.AsSpan(Id, Digits), id);
        Put(line.AsSpan(User, Digits), key);
        Put(line.AsSpan(Item, ItemDigits), key % 10_000);
        Put(line.AsSpan(Time, TimeDigits), T0 + (long)(at * Length.TotalMilliseconds / windows));
        return line;
    }

    private static void Put(Span<byte> digits, long value)
    {
        for (int at = digits.Length - 1; at >= 0; at--)
        {
            (value, long digit) = Math.DivRem(value, 10);
            digits[at] = (byte)('0' + digit);
        }
    }
}
