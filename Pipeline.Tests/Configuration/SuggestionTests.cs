using CsCheck;
using Pipeline.Configuration;

namespace Pipeline.Tests.Configuration;

[TestClass]
public sealed class SuggestionTests
{
    private static readonly string[] Words = ["window", "streams", "state", "time", "ms", "us", "exactly-once"];

    [TestMethod]
    [DataRow("windwo", "window")]
    [DataRow("stream", "streams")]
    [DataRow("stat", "state")]
    [DataRow("Exactly_Once", "exactly-once")]
    [DataRow("mss", "ms")]
    [DataRow("banana", null)]
    [DataRow("x", null)]
    public void MisspeltWord_FindsTheClosest(string word, string? meant) => Assert.AreEqual(meant, Suggestion.Closest(word, Words));

    [TestMethod]
    [DataRow("kitten", "sitting", 3)]
    [DataRow("ab", "ba", 1)]
    [DataRow("", "abc", 3)]
    public void Distance_CountsTypingErrors(string from, string to, int errors) => Assert.AreEqual(errors, Suggestion.Distance(from, to));

    [TestMethod]
    public void Distance_IsSymmetricAndZeroOnlyForEqualWords()
    {
        Gen<string> word = Gen.String[Gen.Char["abc"], 0, 6];
        Gen.Select(word, word).Sample((a, b) =>
            Suggestion.Distance(a, b) == Suggestion.Distance(b, a) && Suggestion.Distance(a, b) == 0 == (a == b));
    }
}
