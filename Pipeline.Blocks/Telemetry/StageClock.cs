using System.Runtime.CompilerServices;

namespace Pipeline.Blocks.Telemetry;

/// <summary>How the workers of a stage spend their time, and what went through it; read by reports.</summary>
/// <remarks>
/// A worker's time is busy, back-pressured (it has something for a later stage that is full), or idle: the rest of the wall time, so that the three add up. Work and
/// waits that are still under way count up to the moment of reading.
/// Threading: any; its lock is taken a few times a batch.
/// </remarks>
/// <param name="stage">Name of the stage.</param>
/// <param name="clock">The clock.</param>
/// <param name="workers">How many batches may be worked on at once.</param>
public sealed class StageClock(string stage, TimeProvider clock, int workers = 1)
{
    private readonly Lock _gate = new();
    private readonly long _began = clock.GetTimestamp();
    private int _working;
    private int _waiting;
    // Less every beginning, plus every end: with the moment of reading for each that has not ended it is the time spent.
    private long _worked;
    private long _waited;
    private long _items;
    private long _batches;
    private bool _stood;
    private long _askedAt = clock.GetTimestamp();
    private long _workedWhenAsked;

    /// <summary>Name of the stage.</summary>
    public string Stage { get; } = stage;

    /// <summary>How many batches may be worked on at once.</summary>
    public int Workers { get; } = workers;

    /// <summary>Workers that have a batch now: at work, or waiting for a later stage.</summary>
    public int Occupied
    {
        get
        {
            lock (_gate) return _working + _waiting;
        }
    }

    /// <summary>A worker takes up a batch, or goes on with one.</summary>
    public void Begin()
    {
        long now = clock.GetTimestamp();
        lock (_gate)
        {
            _working++;
            _worked -= now;
        }
    }

    /// <summary>It is done with it, or has to hand something on first.</summary>
    /// <param name="items">Records, events or samples that went through; 0: none yet.</param>
    public void End(int items)
    {
        long now = clock.GetTimestamp();
        lock (_gate)
        {
            _working--;
            _worked += now;
            if (items == 0) return;
            _items += items;
            _batches++;
        }
    }

    /// <summary>A batch is handed on in the midst of work.</summary>
    /// <param name="items">Its records.</param>
    public void HandedOn(int items)
    {
        lock (_gate)
        {
            _items += items;
            _batches++;
        }
    }

    /// <summary>Waits until a later stage has taken what was sent; that is back-pressure. Costs nothing where it was taken at once.</summary>
    public ValueTask Waiting(ValueTask sent) => sent.IsCompletedSuccessfully ? sent : Wait(sent);

    /// <summary>
    /// Tells whether a linked block's output stands before a full queue now. From one call to the next the time of workers that do not work is back-pressure: all of it when
    /// it stood both times, half when once. For blocks whose output is taken by a link, where no worker waits itself.
    /// </summary>
    public void OutputStands(bool stands)
    {
        long now = clock.GetTimestamp();
        lock (_gate) Account(stands, now);
    }

    /// <summary>The times up to now. An output that stood when it was last looked at is taken to stand still, so that the differences of two readings add up to the wall time.</summary>
    public StageTimes Read()
    {
        long now = clock.GetTimestamp();
        lock (_gate)
        {
            Account(_stood, now);
            double wall = Seconds(now - _began);
            double busy = Seconds(WorkedBy(now));
            double backPressured = Seconds(_waited + (_waiting * now));
            return new StageTimes(Workers, wall, busy, backPressured, _items, _batches);
        }
    }

    private void Account(bool stands, long now)
    {
        long worked = WorkedBy(now);
        long free = Math.Max(0, ((now - _askedAt) * Workers) - (worked - _workedWhenAsked));
        if (stands && _stood) _waited += free;
        else if (stands || _stood) _waited += free / 2;
        (_stood, _askedAt, _workedWhenAsked) = (stands, now, worked);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask Wait(ValueTask sent)
    {
        Change(1, -clock.GetTimestamp());
        try
        {
            await sent.ConfigureAwait(false);
        }
        finally
        {
            Change(-1, clock.GetTimestamp());
        }
    }

    private void Change(int waiting, long time)
    {
        lock (_gate)
        {
            _waiting += waiting;
            _waited += time;
        }
    }

    private long WorkedBy(long now) => _worked + (_working * now);

    private double Seconds(long ticks) => ticks / (double)clock.TimestampFrequency;
}
