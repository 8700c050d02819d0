using Pipeline.Blocks.Records;

namespace Pipeline.Topology;

/// <summary>The numbers streams have inside a lane: 0 for the exposure stream, then the action streams in the order of the job.</summary>
public static class LaneRanks
{
    /// <summary>Rank by stream index.</summary>
    public static int[] Of(IReadOnlyList<StreamOptions> streams)
    {
        var ranks = new int[streams.Count];
        int next = 1;
        for (int stream = 0; stream < streams.Count; stream++) ranks[stream] = streams[stream].Role == StreamRole.Exposure ? 0 : next++;
        return ranks;
    }
}
