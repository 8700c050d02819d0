using System.Text;

namespace Pipeline.Verification;

/// <summary>The differences that are shown: at most so many, and samples that are missing, of which a lost file leaves very many, behind all others.</summary>
/// <param name="most">Most that are shown.</param>
/// <param name="tell">Takes a difference, in a line or a few.</param>
internal sealed class Examples(int most, Action<string> tell)
{
    private readonly List<ReferenceSample> _missing = [];
    private int _told;

    /// <summary>Shows a difference.</summary>
    public void Show(string difference)
    {
        if (_told++ < most) tell(difference);
    }

    /// <summary>Keeps a sample that was not found.</summary>
    public void Missing(ReferenceSample sample)
    {
        if (_missing.Count < most) _missing.Add(sample);
    }

    /// <summary>Shows what is kept, as far as there is room.</summary>
    public void End()
    {
        foreach (ReferenceSample sample in _missing) Show($"missing {Encoding.UTF8.GetString(sample.Value)}");
    }
}
