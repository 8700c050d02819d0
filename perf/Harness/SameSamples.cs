namespace Pipeline.Perf.Harness;

/// <summary>Sees to it that every run over a log wrote the same samples: verified once, by the longest way, then holds for all of them.</summary>
/// <param name="directory">Where each run writes its samples.</param>
internal sealed class SameSamples(string directory)
{
    private SampleDigest? _first;

    /// <summary>To be called behind each run. Errors: <see cref="InvalidOperationException"/> for other samples than the first run wrote.</summary>
    public void Take(string run)
    {
        SampleDigest found = SampleDigest.Of(directory);
        if ((_first ??= found) != found) throw new InvalidOperationException($"{run}: expected the samples of the first run, {_first}, found {found}");
    }
}
