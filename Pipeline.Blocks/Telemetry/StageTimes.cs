namespace Pipeline.Blocks.Telemetry;

/// <summary>What a stage's workers did with their time since it was made, s.</summary>
/// <param name="Workers">How many.</param>
/// <param name="Wall">Wall time; each worker had so much.</param>
/// <param name="Busy">Work, over all workers.</param>
/// <param name="BackPressured">Waiting for a later stage to take something, over all workers.</param>
/// <param name="Items">Records, events or samples that went through.</param>
/// <param name="Batches">Batches that went through.</param>
public readonly record struct StageTimes(int Workers, double Wall, double Busy, double BackPressured, long Items, long Batches)
{
    /// <summary>The rest, over all workers: nothing came to work on.</summary>
    public double Idle => Math.Max(0, (Wall * Workers) - Busy - BackPressured);

    /// <summary>What was added since an earlier reading.</summary>
    public StageTimes Since(StageTimes before) => this with
    {
        Wall = Wall - before.Wall,
        Busy = Busy - before.Busy,
        BackPressured = BackPressured - before.BackPressured,
        Items = Items - before.Items,
        Batches = Batches - before.Batches,
    };

    /// <summary>Busy part of the workers' time, 0 to 1.</summary>
    public double BusyShare => Share(Busy);

    /// <summary>Back-pressured part of the workers' time, 0 to 1.</summary>
    public double BackPressuredShare => Share(BackPressured);

    /// <summary>The rest.</summary>
    public double IdleShare => Share(Idle);

    private double Share(double part) => Wall <= 0 ? 0 : Math.Clamp(part / (Wall * Workers), 0, 1);
}
