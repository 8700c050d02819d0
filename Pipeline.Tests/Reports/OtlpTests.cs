using System.Net;
using System.Text;
using Pipeline.Hosting;
using Pipeline.Reports;
using Pipeline.Tests.Configuration;
using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Fakes;

namespace Pipeline.Tests.Reports;

[TestClass]
public sealed class OtlpTests
{
    [TestMethod]
    public async Task Metrics_AreSentToACollector_TheLastOnesAtTheEnd()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["exposure.jsonl"], "{\"user_id\":\"u1\",\"item_id\":\"i1\",\"ts\":1764064800000}\n");
        File.WriteAllText(folder["click.jsonl"], "");
        File.WriteAllText(folder["job.yaml"], JobText.Small);
        using HttpListener collector = Listen(out Uri address);
        Task<(string Path, string Body)> received = ReceiveAsync(collector);

        await using var job = new LiveJob(folder["job.yaml"], untilEnd: true, reports: new ReportSettings { MeterName = "otlp", Otlp = address });
        JobSummary summary = await job.Completion;

        (string path, string body) = await received.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.AreEqual(1, summary.SourceRecords);
        Assert.AreEqual("/v1/metrics", path);
        Assert.Contains("pipeline.stream.records", body);
        Assert.Contains("pipeline.sample.age", body);
    }

    private static HttpListener Listen(out Uri address)
    {
        for (int port = 20_000; ; port++)
        {
            var listener = new HttpListener();
            address = new Uri($"http://127.0.0.1:{port}/");
            listener.Prefixes.Add(address.ToString());
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException)
            {
                listener.Close();
            }
        }
    }

    private static async Task<(string Path, string Body)> ReceiveAsync(HttpListener collector)
    {
        HttpListenerContext call = await collector.GetContextAsync();
        using var body = new MemoryStream();
        await call.Request.InputStream.CopyToAsync(body);
        call.Response.StatusCode = 200;
        call.Response.ContentType = "application/x-protobuf";
        call.Response.Close();
        return (call.Request.Url!.AbsolutePath, Encoding.Latin1.GetString(body.ToArray()));
    }
}
