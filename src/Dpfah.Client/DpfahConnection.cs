using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Http.HttpClientLibrary;

namespace Dpfah.Client;

/// <summary>A service that is reached over HTTP, under a key. Safe for use by many at once.</summary>
/// <remarks>
/// <see cref="Client"/> is generated from the service's OpenAPI document; a refusal is thrown as <see cref="Models.ProblemDetails"/>, with the
/// sentence that the service says. Nothing is sent twice: whoever calls decides what may be done again.
/// </remarks>
public sealed class DpfahConnection : IDisposable
{
    private readonly HttpClient http;
    private readonly HttpClientRequestAdapter adapter;

    /// <summary>Prepares a connection; nothing is sent yet.</summary>
    /// <param name="service">Address of the service, such as <c>http://127.0.0.1:8080</c>, with the path under which a proxy serves it.</param>
    /// <param name="key">API key, sent as bearer token; null or empty for none.</param>
    /// <param name="timeout">Longest time of a call up to the head of its answer; without limit unless given, since uploads take as long as they take.</param>
    /// <param name="handler">Sends the requests, and is disposed with the connection; the system's own unless given.</param>
    public DpfahConnection(Uri service, string? key = null, TimeSpan? timeout = null, HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(service);

        // Without the handlers that Kiota adds by itself: those keep whole bodies to send them again.
        http = new HttpClient(handler ?? new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(1) })
        {
            Timeout = timeout ?? Timeout.InfiniteTimeSpan,
        };
        adapter = new HttpClientRequestAdapter(new BearerKey(key), httpClient: http)
        {
            BaseUrl = service.GetLeftPart(UriPartial.Path).TrimEnd('/'),
        };
        Client = new DpfahClient(adapter);
    }

    /// <summary>Address of the service, without a slash at its end.</summary>
    public string Address => adapter.BaseUrl!;

    /// <summary>The calls, by the paths of the API.</summary>
    public DpfahClient Client { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        adapter.Dispose();
        http.Dispose();
    }

    private sealed class BearerKey(string? key) : IAuthenticationProvider
    {
        public Task AuthenticateRequestAsync(
            RequestInformation request, Dictionary<string, object>? additionalAuthenticationContext = null, CancellationToken cancellationToken = default)
        {
            if (!string.IsNullOrEmpty(key))
            {
                request.Headers.TryAdd("Authorization", $"Bearer {key}");
            }

            return Task.CompletedTask;
        }
    }
}
