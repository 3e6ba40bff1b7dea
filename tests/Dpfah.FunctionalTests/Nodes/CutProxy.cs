using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Dpfah.FunctionalTests.Nodes;

/// <summary>
/// A TCP connection between a node and its database that a test can cut: in silence, as a network does that loses packets, or with a reset.
/// Also a way into another network and out of it, by sockets that were made there.
/// </summary>
internal sealed class CutProxy : IDisposable
{
    private readonly Socket listener;
    private readonly Func<Task<Socket>> connect;
    private readonly ConcurrentDictionary<Socket, bool> open = new();
    private volatile TaskCompletionSource flowing = Flowing();
    private volatile bool isRefusing;

    /// <summary>Starts it on a free loopback port.</summary>
    public CutProxy(string host, int port)
        : this(Listen(), () => ConnectAsync(new IPEndPoint(IPAddress.Parse(host), port)))
    {
    }

    /// <summary>Starts it.</summary>
    /// <param name="listener">A socket that listens.</param>
    /// <param name="connect">Connects to where it leads.</param>
    public CutProxy(Socket listener, Func<Task<Socket>> connect)
    {
        (this.listener, this.connect) = (listener, connect);
        _ = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndPoint!).Port;

    /// <summary>Makes a socket that listens on a free loopback port.</summary>
    public static Socket Listen()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }

    /// <summary>Connects to an address in the network of the tests.</summary>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static async Task<Socket> ConnectAsync(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

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
                Socket node = await listener.AcceptAsync();
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
        {
            try
            {
                if (!isRefusing)
                {
                    using Socket database = await connect();
                    (node.NoDelay, database.NoDelay) = (true, true);
                    (open[node], open[database]) = (true, true);
                    if (!isRefusing)
                    {
                        await Task.WhenAny(CopyAsync(node, database), CopyAsync(database, node));
                    }

                    open.TryRemove(database, out _);
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // One end is gone; so is the other.
            }
            finally
            {
                open.TryRemove(node, out _);
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
