using System.Diagnostics;

namespace Pipeline.Tests.Fakes;

/// <summary>Waits for what another thread or process is to bring about.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>Ends when the condition holds; fails with <paramref name="what"/> at the deadline.</summary>
    public static Task Holds(Func<bool> condition, string what) => Holds(() => Task.FromResult(condition()), what);

    /// <summary>Ends when what is asked holds; fails with <paramref name="what"/> at the deadline.</summary>
    public static async Task Holds(Func<Task<bool>> condition, string what)
    {
        long began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(began) > Limit) Assert.Fail($"After {Limit.TotalSeconds:F0} s it still does not hold that {what}.");
            await Task.Delay(20);
        }
    }

    /// <summary>Ends when so much time has passed by the system's clock, during which the condition held at every look.</summary>
    public static async Task StaysTrue(Func<bool> condition, TimeSpan time, string what)
    {
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < time)
        {
            if (!condition()) Assert.Fail($"After {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s it no longer holds that {what}.");
            await Task.Delay(20);
        }
    }
}
