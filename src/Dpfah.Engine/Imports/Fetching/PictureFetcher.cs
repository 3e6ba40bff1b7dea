using System.Net;
using System.Net.Sockets;

namespace Dpfah.Engine.Imports.Fetching;

/// <summary>Fetches the pictures of a feed, from hosts that were allowed and from public addresses only.</summary>
/// <remarks>
/// The address is checked when the connection is made, on the very address that is connected to: a name that resolves differently the
/// second time gains nothing. Redirects are followed by hand, each target checked like the first.
/// </remarks>
internal sealed class PictureFetcher : IDisposable
{
    private const int MaxRedirects = 3;
    private const int FetchesAtOnce = 8;

    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(10);

    private readonly HostRules rules;
    private readonly HttpClient client;
    private readonly SemaphoreSlim places = new(FetchesAtOnce);
    private readonly int maxBytes;
    private readonly TimeSpan attemptTime;
    private readonly TimeSpan[] delays;

    /// <summary>Makes a fetcher with the service's limits.</summary>
    /// <param name="options">Names the hosts.</param>
    public PictureFetcher(EngineOptions options)
        : this(options, ImportLimits.Default.PictureBytes, TimeSpan.FromSeconds(30), [TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2)])
    {
    }

    /// <summary>Makes a fetcher with limits of its own.</summary>
    /// <param name="options">Names the hosts.</param>
    /// <param name="maxBytes">Most bytes of a picture.</param>
    /// <param name="attemptTime">Most time for one attempt, redirects included.</param>
    /// <param name="delays">Waiting before each further attempt.</param>
    internal PictureFetcher(EngineOptions options, int maxBytes, TimeSpan attemptTime, TimeSpan[] delays)
    {
        rules = new HostRules(options.ImportHosts, options.ImportPrivateHosts);
        (this.maxBytes, this.attemptTime, this.delays) = (maxBytes, attemptTime, delays);
        client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectCallback = ConnectAsync,
            ConnectTimeout = ConnectTime,
            MaxConnectionsPerServer = FetchesAtOnce,
            MaxResponseHeadersLength = 32,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("Dpfah");
        client.DefaultRequestHeaders.Accept.ParseAdd("image/*");
    }

    /// <summary>Whether no host was allowed.</summary>
    public bool IsOff => rules.IsEmpty;

    /// <summary>Fetches a picture.</summary>
    /// <param name="url">Its address.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The bytes, or why there are none.</returns>
    public async Task<(byte[]? Bytes, EntryRejection? Rejection)> FetchAsync(Uri url, CancellationToken cancellationToken)
    {
        await places.WaitAsync(cancellationToken);
        try
        {
            for (int attempt = 0; ; attempt++)
            {
                (byte[]? bytes, string problem, bool again) = await TryAsync(url, cancellationToken);
                if (bytes is not null)
                {
                    return (bytes, null);
                }

                if (!again || attempt == delays.Length)
                {
                    return (null, new EntryRejection(RejectionCodes.NotFetched, problem));
                }

                await Task.Delay(delays[attempt], cancellationToken);
            }
        }
        finally
        {
            places.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        client.Dispose();
        places.Dispose();
    }

    private async Task<(byte[]? Bytes, string Problem, bool Again)> TryAsync(Uri url, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(attemptTime);
        try
        {
            for (int redirects = 0; redirects <= MaxRedirects; redirects++)
            {
                if (rules.Check(url) is { } refused)
                {
                    return (null, refused, false);
                }

                using HttpResponseMessage response = await client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, limit.Token);
                if (response.StatusCode is HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther
                        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
                    && response.Headers.Location is { } location)
                {
                    var target = new Uri(url, location);
                    if (url.Scheme == Uri.UriSchemeHttps && target.Scheme != Uri.UriSchemeHttps)
                    {
                        return (null, $"'{url.IdnHost}' sends from https to '{target.Scheme}', which is not followed.", false);
                    }

                    url = target;
                    continue;
                }

                if (!response.IsSuccessStatusCode)
                {
                    bool again = (int)response.StatusCode >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout;
                    return (null, $"'{url.IdnHost}' answered {(int)response.StatusCode}.", again);
                }

                return await ReadAsync(response.Content, limit.Token) is { } bytes
                    ? (bytes, "", false)
                    : (null, $"The picture has more than {maxBytes:N0} bytes.", false);
            }

            return (null, $"There are more than {MaxRedirects} redirects.", false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"'{url.IdnHost}' did not send the picture within {attemptTime.TotalSeconds:0.###} s.", true);
        }
        catch (HttpRequestException error) when (error.InnerException is AddressRefusedException refused)
        {
            return (null, refused.Message, false);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException or UriFormatException)
        {
            return (null, $"'{url.IdnHost}' could not be reached: {error.GetBaseException().Message.TrimEnd('.')}.", error is not UriFormatException);
        }
    }

    /// <returns>Null when there is more than a picture may have.</returns>
    private async Task<byte[]?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > maxBytes)
        {
            return null;
        }

        await using Stream body = await content.ReadAsStreamAsync(cancellationToken);
        byte[] bytes = await Sources.EntryBytes.ReadAsync(body, maxBytes, cancellationToken);
        return bytes.Length <= maxBytes ? bytes : null;
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        (string host, int port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        IPAddress[] allowed = rules.MayBePrivate(host, port) ? addresses : [.. addresses.Where(PublicAddress.IsPublic)];
        if (allowed.Length == 0)
        {
            throw new AddressRefusedException($"'{host}' has no address in the public internet.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class AddressRefusedException(string message) : Exception(message);
}
