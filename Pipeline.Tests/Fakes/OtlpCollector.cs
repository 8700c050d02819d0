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
    private volatile bool _closing;

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
        _closing = true;
        _listener.Close();
        // In the background: a wait that the listener forgot to end does not hold the tests.
        _thread.Join(TimeSpan.FromSeconds(10));
    }

    private void Receive()
    {
        while (!_closing)
        {
            try
            {
                Answer(_listener.GetContext());
            }
            catch (Exception cut) when (_closing || cut is IOException or HttpListenerException or ObjectDisposedException)
            {
                // Closed, or a sender that was ended while it sent.
            }
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
