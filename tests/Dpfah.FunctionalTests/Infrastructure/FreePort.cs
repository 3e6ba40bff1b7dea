using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>Chooses loopback ports for servers that the tests start.</summary>
public static class FreePort
{
    // Below the ports that the system gives to outgoing connections (Linux: 32768 and up), so that a server
    // that is stopped for a while finds its port still free.
    private const int First = 20_000;
    private const int End = 32_000;

    private static readonly ConcurrentDictionary<int, byte> Given = new();

    /// <summary>A port that nothing listens on and that this process has not given out before.</summary>
    public static int Next()
    {
        while (true)
        {
            int port = Random.Shared.Next(First, End);
            if (Given.TryAdd(port, 0) && IsFree(port))
            {
                return port;
            }
        }
    }

    /// <summary>The first of several such ports in a row.</summary>
    public static int NextOf(int count)
    {
        while (true)
        {
            int first = Random.Shared.Next(First, End - count);
            if (Enumerable.Range(first, count).All(port => Given.TryAdd(port, 0) && IsFree(port)))
            {
                return first;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
