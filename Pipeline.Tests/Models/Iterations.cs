namespace Pipeline.Tests.Models;

/// <summary>How many histories a property is tried on: the number in the test, times <c>PIPELINE_PROPERTY_FACTOR</c> for a long run.</summary>
internal static class Iterations
{
    public static long Of(long number) =>
        long.TryParse(Environment.GetEnvironmentVariable("PIPELINE_PROPERTY_FACTOR"), out long factor) && factor > 0 ? number * factor : number;
}
