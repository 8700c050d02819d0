namespace Pipeline.Tests.Checkpoints;

/// <summary>What became of files of a state directory.</summary>
/// <param name="Kind">How they were damaged.</param>
/// <param name="Files">Files, relative to the state directory, and the bytes they have now; null: they are gone.</param>
internal sealed record StateMutation(string Kind, IReadOnlyList<(string File, byte[]? Bytes)> Files)
{
    private const int Page = 4096;

    /// <summary>The kinds.</summary>
    public static readonly string[] Kinds = ["bit flip", "truncation", "zeroed page", "missing file", "older copy", "swapped bytes"];

    /// <summary>A mutation that changes something; null: this draw would not.</summary>
    public static StateMutation? Draw(StoppedJob job, Random random)
    {
        string kind = Kinds[random.Next(Kinds.Length)];
        string file = job.Needed.Keys.ElementAt(random.Next(job.Needed.Count));
        byte[] whole = job.Needed[file];
        byte[] bytes = (byte[])whole.Clone();
        if (bytes.Length == 0 && kind != "missing file") return null;
        switch (kind)
        {
            case "bit flip":
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case "truncation":
                bytes = bytes[..random.Next(bytes.Length)];
                break;
            case "zeroed page":
                int start = random.Next((bytes.Length + Page - 1) / Page) * Page;
                Array.Clear(bytes, start, Math.Min(Page, bytes.Length - start));
                break;
            case "missing file":
                return new StateMutation(kind, [(file, null)]);
            case "older copy":
                if (Older(job, file, random) is not { } older) return null;
                bytes = older;
                break;
            default:
                return Swap(job, file, random);
        }
        return bytes.AsSpan().SequenceEqual(whole) ? null : new StateMutation(kind, [(file, bytes)]);
    }

    /// <summary>Writes the files.</summary>
    public void Apply(string state)
    {
        foreach ((string file, byte[]? bytes) in Files)
            if (bytes is null) File.Delete(Path.Combine(state, file));
            else File.WriteAllBytes(Path.Combine(state, file), bytes);
    }

    public override string ToString() => $"{Kind} of {string.Join(" and ", Files.Select(static one => $"{one.File} ({one.Bytes?.Length} bytes)"))}";

    /// <summary>As it was at the first stop; or of a checkpoint that was taken then, the file of another.</summary>
    private static byte[]? Older(StoppedJob job, string file, Random random)
    {
        if (job.Older.TryGetValue(file, out byte[]? older) && !older.AsSpan().SequenceEqual(job.Needed[file])) return older;
        string name = Path.GetFileName(file);
        string[] others = [.. job.Older.Keys.Where(other => other != file && Path.GetFileName(other) == name)];
        return others.Length == 0 ? null : job.Older[others[random.Next(others.Length)]];
    }

    /// <summary>Two places, of one file or of two, have each other's bytes.</summary>
    private static StateMutation? Swap(StoppedJob job, string first, Random random)
    {
        string second = random.Next(2) == 0 ? first : job.Needed.Keys.ElementAt(random.Next(job.Needed.Count));
        byte[] left = (byte[])job.Needed[first].Clone(), right = first == second ? left : (byte[])job.Needed[second].Clone();
        int length = Math.Min(1 << random.Next(13), Math.Min(left.Length, right.Length));
        if (length == 0) return null;
        int from = random.Next(left.Length - length + 1), to = random.Next(right.Length - length + 1);
        byte[] kept = left.AsSpan(from, length).ToArray();
        right.AsSpan(to, length).CopyTo(left.AsSpan(from));
        kept.CopyTo(right.AsSpan(to));
        bool changed = !left.AsSpan().SequenceEqual(job.Needed[first]) || !right.AsSpan().SequenceEqual(job.Needed[second]);
        return changed ? new StateMutation("swapped bytes", first == second ? [(first, left)] : [(first, left), (second, right)]) : null;
    }
}
