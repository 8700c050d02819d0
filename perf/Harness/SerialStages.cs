using Pipeline.Blocks.Parsing;
using Pipeline.Blocks.Partitioning;
using Pipeline.Blocks.Records;
using Pipeline.Blocks.Sources;
using Pipeline.Configuration;

namespace Pipeline.Perf.Harness;

/// <summary>What the stages that one thread does for all lanes cost a record: reading a source's lines into batches (intake), and partition.</summary>
/// <remarks>
/// Each alone on the calling thread, by the thread's CPU time, so that nothing that shares the machine is in it; parsing between them is not counted. In a run both have a core
/// of their own only where there are enough. A warm-up pass comes first. Threading: one thread.
/// </remarks>
internal static class SerialStages
{
    private const int Lanes = 4;
    private const int BatchRecords = 2048;
    // As many as wait before a block: more would be out of the cache, and memory that is touched for the first time.
    private const int BatchesAtOnce = 8;

    /// <summary>ns per record of both.</summary>
    public static (double Intake, double Partition) Measure(JobOptions job, IReadOnlyList<string> exposures)
    {
        Pass(job, exposures);
        return Pass(job, exposures);
    }

    private static (double Intake, double Partition) Pass(JobOptions job, IReadOnlyList<string> paths)
    {
        var directory = new PartitionDirectory();
        var pool = new RecordBatchPool();
        var parser = new RecordParser(job.Streams, new ParseOptions());
        var tracker = new WatermarkTracker(directory, job.Time, [.. job.Streams.Select(static stream => stream.StreamIdleTimeout)]);
        var partitioner = new Partitioner(new LaneMap(Lanes), tracker, new int[job.Streams.Count], keepLetters: false);
        LaneBatch[] lanes = [.. Enumerable.Range(0, Lanes).Select(static _ => new LaneBatch())];
        double intake = 0, partition = 0;
        long records = 0;
        foreach (string path in paths)
        {
            SourcePartition from = directory.Register(path, 0, [0], hasTimestamps: false);
            using var file = new LineFile(path, 0, new FileInfo(path).Length, job.MaxRecordBytes);
            for (bool more = true; more;)
            {
                var batches = new List<RecordBatch>();
                double began = ThreadCpu.Milliseconds;
                while (more && batches.Count < BatchesAtOnce)
                {
                    RecordBatch batch = pool.Rent();
                    batch.Partition = from;
                    more = file.Fill(batch, BatchRecords);
                    batch.PositionAfter = file.Position;
                    batch.Fingerprint = file.Fingerprint;
                    batches.Add(batch);
                }
                intake += ThreadCpu.Milliseconds - began;
                foreach (RecordBatch batch in batches) parser.Parse(batch);
                began = ThreadCpu.Milliseconds;
                foreach (RecordBatch batch in batches)
                {
                    records += batch.RecordCount;
                    partitioner.Process(batch, lanes, null);
                    foreach (LaneBatch lane in lanes)
                    {
                        lane.Records?.Release();
                        lane.Clear();
                    }
                    batch.Release();
                }
                partition += ThreadCpu.Milliseconds - began;
            }
        }
        return (intake * 1e6 / records, partition * 1e6 / records);
    }
}
