using Pipeline.Blocks.Telemetry;

namespace Pipeline.Blocks.Sources;

/// <summary>A source's time: it works from <see cref="Begin"/> to <see cref="End"/>, but for its waits. Costs two looks at the clock a wait, nothing a batch.</summary>
/// <remarks>Threading: the source's loop. May be begun and ended when it is so already.</remarks>
/// <param name="time">Told; null: nobody.</param>
internal sealed class SourceWork(StageClock? time)
{
    private bool _works;

    /// <summary>It works from now on.</summary>
    public void Begin()
    {
        if (time is null || _works) return;
        _works = true;
        time.Begin();
    }

    /// <summary>It waits from now on, or is done.</summary>
    public void End()
    {
        if (time is null || !_works) return;
        _works = false;
        time.End(0);
    }

    /// <summary>Waits, and works on behind it. What has come already costs nothing.</summary>
    public async ValueTask<T> WaitAsync<T>(Task<T> what)
    {
        if (what.IsCompletedSuccessfully) return await what.ConfigureAwait(false);
        End();
        try
        {
            return await what.ConfigureAwait(false);
        }
        finally
        {
            Begin();
        }
    }

    /// <summary>A batch is handed on.</summary>
    public void HandedOn(int records) => time?.HandedOn(records);
}
