using System.Text;
using System.Text.Json;
using Pipeline.Blocks.Records;

namespace Pipeline.Tests.Crashes;

/// <summary>What the checks read in a sample.</summary>
/// <param name="Id">Its sample id.</param>
/// <param name="Point">Its place in its key group's order.</param>
/// <param name="Exposures">Exposures merged.</param>
/// <param name="Clicks">Clicks counted.</param>
/// <param name="FirstDelay">Of the first click; <see cref="long.MaxValue"/> without one.</param>
/// <param name="Rest">All of the text but the labels.</param>
internal sealed record SampleContent(string Id, EmissionPoint Point, long Exposures, long Clicks, long FirstDelay, string Rest)
{
    /// <summary>Reads a sample; null when it is none.</summary>
    public static SampleContent? Read(byte[] value)
    {
        try
        {
            JsonElement sample = JsonElement.Parse(value);
            JsonElement key = sample.GetProperty("key"), click = sample.GetProperty("labels").GetProperty("click");
            var encoded = new byte[1024];
            int length = 0;
            foreach (JsonProperty field in key.EnumerateObject()) length += KeyEncoding.Append(encoded.AsSpan(length), Encoding.UTF8.GetBytes(field.Value.GetString()!));
            var point = new EmissionPoint(
                sample.GetProperty("window_end").GetInt64(),
                KeyEncoding.Hash(encoded.AsSpan(0, length)),
                sample.GetProperty("window_start").GetInt64(),
                sample.GetProperty("revision").GetUInt32());
            long delay = click.TryGetProperty("first_delay_ms", out JsonElement first) ? first.GetInt64() : long.MaxValue;
            string text = Encoding.UTF8.GetString(value);
            string rest = text[..text.IndexOf(",\"label\":", StringComparison.Ordinal)] + text[text.IndexOf(",\"weight\":", StringComparison.Ordinal)..];
            return new SampleContent(sample.GetProperty("sample_id").GetString()!, point, sample.GetProperty("exposures").GetInt64(), click.GetProperty("count").GetInt64(), delay, rest);
        }
        catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException or FormatException)
        {
            return null;
        }
    }
}
