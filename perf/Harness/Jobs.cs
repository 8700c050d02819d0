namespace Pipeline.Perf.Harness;

/// <summary>The job of every scenario: exposures and clicks of the synthetic log, joined by user and item within 20 minutes, all defaults.</summary>
internal static class Jobs
{
    /// <summary>Writes the job file and gives its path.</summary>
    public static string Write(string folder, string name, string exposures, string clicks, string sink, string more = "")
    {
        string path = Path.Combine(folder, name + ".yaml");
        File.WriteAllText(path, $$"""
            job: {{name}}
            streams:
              - { name: exposure, role: exposure, source: { {{exposures}} }, format: json, key: [user_id, item_id], time: { field: ts }, event_id: event_id }
              - { name: click, role: action, source: { {{clicks}} }, format: json, key: [user_id, item_id], time: { field: ts }, event_id: event_id }
            output: { sink: { {{sink}} } }
            state: { dir: state-{{name}} }
            {{more}}
            """);
        return path;
    }
}
