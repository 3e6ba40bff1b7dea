using System.Net.Sockets;
using System.Text;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>Sends bytes that no HTTP client would send.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Sends a request as it is given and reads until the server closes the connection.</summary>
    /// <param name="address">Where the service listens.</param>
    /// <param name="request">All of the request, one byte a character.</param>
    /// <param name="hangUp">Whether nothing more is said to follow: the server sees the end of what the client sends.</param>
    /// <returns>All of the response, one character a byte; empty when the connection was closed without one.</returns>
    public static async Task<string> SendAsync(Uri address, string request, bool hangUp = false)
    {
        using var expiry = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, expiry.Token);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), expiry.Token);
        if (hangUp)
        {
            client.Client.Shutdown(SocketShutdown.Send);
        }

        using var response = new MemoryStream();
        try
        {
            await stream.CopyToAsync(response, expiry.Token);
        }
        catch (IOException error) when (error.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            // Another way to close a connection on which something is still to be read.
        }

        return Encoding.Latin1.GetString(response.ToArray());
    }
}
