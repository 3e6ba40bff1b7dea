using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Dpfah.FunctionalTests.Nodes;

/// <summary>A TCP connection between a node and its database that a test can cut: in silence, as a network does that loses packets, or with a reset.</summary>
internal sealed class CutProxy : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint target;
    private readonly ConcurrentDictionary<Socket, bool> open = new();
    private volatile TaskCompletionSource flowing = Flowing();
    private volatile bool isRefusing;

    /// <summary>Starts it.</summary>
    public CutProxy(string host, int port)
    {
        target = new IPEndPoint(IPAddress.Parse(host), port);
        listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>From now on nothing goes through, and nobody is told.</summary>
    public void Silence() => flowing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Closes all connections, and refuses new ones.</summary>
    public void Refuse()
    {
        isRefusing = true;
        foreach (Socket socket in open.Keys)
        {
            socket.Close(0);
        }

        flowing.TrySetResult();
    }

    /// <summary>All is as before.</summary>
    public void Heal()
    {
        isRefusing = false;
        flowing.TrySetResult();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        listener.Dispose();
        Refuse();
    }

    private static TaskCompletionSource Flowing()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket node = await listener.AcceptSocketAsync();
                _ = ServeAsync(node);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket node)
    {
        using (node)
        using (var database = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
        {
            node.NoDelay = true;
            (open[node], open[database]) = (true, true);
            try
            {
                if (!isRefusing)
                {
                    await database.ConnectAsync(target);
                    await Task.WhenAny(CopyAsync(node, database), CopyAsync(database, node));
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // One end is gone; so is the other.
            }
            finally
            {
                open.TryRemove(node, out _);
                open.TryRemove(database, out _);
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        try
        {
            var buffer = new byte[1 << 16];
            while (await from.ReceiveAsync(buffer) is var length and > 0)
            {
                await flowing.Task;
                for (int sent = 0; sent < length;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, length - sent));
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // One end is gone.
        }
    }
}
