using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Telemetry;

/// <summary>Stands in for an OpenTelemetry collector: keeps what is sent to it by OTLP over HTTP.</summary>
internal sealed class Collector : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly ConcurrentQueue<(string Path, string Text)> received = [];

    public Collector()
    {
        Address = $"http://127.0.0.1:{FreePort.Next()}/";
        listener.Prefixes.Add(Address);
        listener.Start();
        _ = Task.Run(ReceiveAsync);
    }

    /// <summary>Where it listens.</summary>
    public string Address { get; }

    /// <summary>All bodies sent to a path, byte by byte as Latin-1: names are legible in them.</summary>
    public string Received(string path) => string.Concat(received.Where(one => one.Path == path).Select(one => one.Text));

    /// <inheritdoc/>
    public void Dispose() => listener.Close();

    private async Task ReceiveAsync()
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            received.Enqueue((context.Request.Url!.AbsolutePath, Encoding.Latin1.GetString(body.ToArray())));
            context.Response.ContentType = "application/x-protobuf";
            context.Response.Close();
        }
    }
}
