using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Dpfah.Cluster;

/// <summary>Finds the address of this machine that other nodes reach: the one by which it reaches the database, which they share.</summary>
internal static class OwnAddress
{
    /// <summary>Finds it. Nothing is sent: the system tells which way a packet would take.</summary>
    /// <param name="connectionString">Of the database.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The loopback address when the database is reached by a file.</returns>
    /// <exception cref="SocketException">The database's host has no address, or there is no way to it.</exception>
    public static async Task<IPAddress> FindAsync(string connectionString, CancellationToken cancellationToken)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString);

        // Of several hosts the first, which may have a port of its own.
        string host = (database.Host ?? "").Split(',')[0];
        if (host.Length == 0 || host[0] is '/' or '@')
        {
            return IPAddress.Loopback;
        }

        if (host.Count(c => c == ':') == 1)
        {
            host = host[..host.IndexOf(':', StringComparison.Ordinal)];
        }

        using var socket = new Socket(SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(host, database.Port, cancellationToken);
        IPAddress address = ((IPEndPoint)socket.LocalEndPoint!).Address;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
