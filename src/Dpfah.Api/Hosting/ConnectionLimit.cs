using System.Collections.Concurrent;
using System.Net;
using Dpfah.Api.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Dpfah.Api.Hosting;

/// <summary>Closes connections of an address that has many, so that others find room. A proxy has as many as it likes.</summary>
/// <param name="proxies">Which addresses are proxies.</param>
/// <param name="most">Connections of an address, at least 1.</param>
internal sealed class ConnectionLimit(ProxyRules proxies, int most)
{
    // No more entries than there are connections.
    private readonly ConcurrentDictionary<string, int> open = new();

    /// <summary>Adds the limit to an address that the server listens on.</summary>
    public void Use(ListenOptions listen) => listen.Use(next => async connection =>
    {
        IPAddress? peer = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        if (peer is null || proxies.IsProxy(peer))
        {
            await next(connection);
            return;
        }

        string address = ClientAddress.Of(peer);
        try
        {
            if (open.AddOrUpdate(address, 1, (_, count) => count + 1) > most)
            {
                connection.Abort(new ConnectionAbortedException($"The address has {most} connections already."));
                return;
            }

            await next(connection);
        }
        finally
        {
            int left = open.AddOrUpdate(address, 0, (_, count) => count - 1);
            if (left == 0)
            {
                // Only if nobody came meanwhile.
                open.TryRemove(new KeyValuePair<string, int>(address, 0));
            }
        }
    });
}
