namespace Pipeline.Configuration;

/// <summary>Guesses what a misspelt word was meant to be.</summary>
internal static class Suggestion
{
    /// <summary>The candidate with the fewest typing errors, where they are few for the word's length; else null.</summary>
    public static string? Closest(string word, IEnumerable<string> candidates)
    {
        int allowed = word.Length switch { <= 3 => 1, <= 6 => 2, _ => 3 };
        string? closest = null;
        foreach (string candidate in candidates)
        {
            int distance = Distance(Normalize(word), Normalize(candidate));
            if (distance > allowed || distance >= candidate.Length) continue;
            allowed = distance - 1;
            closest = candidate;
        }
        return closest;
    }

    /// <summary>Letters to add, drop, change or swap with their neighbour (optimal string alignment).</summary>
    public static int Distance(string from, string to)
    {
        var cost = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++) cost[i, 0] = i;
        for (int j = 0; j <= to.Length; j++) cost[0, j] = j;
        for (int i = 1; i <= from.Length; i++)
            for (int j = 1; j <= to.Length; j++)
            {
                int change = cost[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                int least = Math.Min(change, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
                cost[i, j] = swapped ? Math.Min(least, cost[i - 2, j - 2] + 1) : least;
            }
        return cost[from.Length, to.Length];
    }

    private static string Normalize(string word) => word.ToLowerInvariant().Replace('-', '_');
}
