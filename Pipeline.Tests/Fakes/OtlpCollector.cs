using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Pipeline.Tests.Fakes;

/// <summary>Takes what is sent by OTLP over HTTP, and answers that all is well.</summary>
/// <remarks>Texts stand in protobuf as they are: what is to be found, or not, is searched for in the bytes.</remarks>
internal sealed class OtlpCollector : IDisposable
{
    private readonly HttpListener _listener;
    private readonly ConcurrentQueue<(string Path, string Body)> _received = [];
    private readonly Task _loop;

    public OtlpCollector()
    {
        _listener = Listen(out Uri address);
        Address = address;
        _loop = Task.Run(ReceiveAsync);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Everything so far: path, headers and body, byte for byte as Latin-1.</summary>
    public IReadOnlyList<(string Path, string Body)> Received => [.. _received];

    public void Dispose()
    {
        _listener.Close();
        _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
    }

    private async Task ReceiveAsync()
    {
        while (true)
        {
            HttpListenerContext call = await _listener.GetContextAsync();
            using var body = new MemoryStream();
            await call.Request.InputStream.CopyToAsync(body);
            _received.Enqueue((call.Request.Url!.AbsolutePath, $"{call.Request.Headers}{Encoding.Latin1.GetString(body.ToArray())}"));
            call.Response.StatusCode = 200;
            call.Response.ContentType = "application/x-protobuf";
            call.Response.Close();
        }
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
}
