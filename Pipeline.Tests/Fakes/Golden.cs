namespace Pipeline.Tests.Fakes;

/// <summary>Compares what was made with a file of the repository; what differs is left in the test's folder, as <c>NAME.found</c>, to be looked at and taken over.</summary>
internal static class Golden
{
    public static void AssertEqual(string path, string found)
    {
        string expected = Path.Combine(Repository.Root, path);
        string text = File.Exists(expected) ? File.ReadAllText(expected) : "";
        if (text == found) return;
        string kept = Path.Combine(AppContext.BaseDirectory, Path.GetFileName(path) + ".found");
        File.WriteAllText(kept, found);
        Assert.AreEqual(text, found, $"{path} is not what is made now, which is kept in {kept}");
    }
}
