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
    private readonly Thread _thread;

    public OtlpCollector()
    {
        _listener = Listen(out Uri address);
        Address = address;
        _thread = new Thread(Receive) { IsBackground = true, Name = "otlp-collector" };
        _thread.Start();
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Everything so far: path, headers and body, byte for byte as Latin-1.</summary>
    public IReadOnlyList<(string Path, string Body)> Received => [.. _received];

    public void Dispose()
    {
        _listener.Close();
        _thread.Join();
    }

    private void Receive()
    {
        try
        {
            while (true) Answer(_listener.GetContext());
        }
        catch (Exception e) when (!_listener.IsListening && e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    private void Answer(HttpListenerContext call)
    {
        using var body = new MemoryStream();
        call.Request.InputStream.CopyTo(body);
        _received.Enqueue((call.Request.Url!.AbsolutePath, $"{call.Request.Headers}{Encoding.Latin1.GetString(body.ToArray())}"));
        call.Response.StatusCode = 200;
        call.Response.ContentType = "application/x-protobuf";
        call.Response.Close();
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
