using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>Networks of their own for programs that the tests start. Only root makes and enters them.</summary>
internal static partial class NetworkNamespace
{
    private const int Kind = 0x40000000; // CLONE_NEWNET

    /// <summary>Finds out whether they can be made here.</summary>
    /// <param name="with">A command of the shell that must work in them.</param>
    public static async Task<bool> CanBeMadeAsync(string with = "ip link set lo up") => Environment.IsPrivilegedProcess
        && (await Command.TryRunAsync(null, null, "/bin/sh", ["-c", "exec unshare --net /bin/sh -c \"$1\"", "network", with])).ExitCode == 0;

    /// <summary>Connects from inside a network.</summary>
    /// <param name="processId">A process that is in it.</param>
    /// <param name="to">An address there.</param>
    public static Task<Socket> ConnectAsync(int processId, IPEndPoint to) => MakeSocketAsync(processId, socket =>
    {
        socket.NoDelay = true;
        socket.Connect(to);
    });

    /// <summary>Listens inside a network.</summary>
    /// <param name="processId">A process that is in it.</param>
    /// <param name="at">An address there.</param>
    public static Task<Socket> ListenAsync(int processId, IPEndPoint at) => MakeSocketAsync(processId, socket =>
    {
        socket.Bind(at);
        socket.Listen();
    });

    /// <summary>A thread enters the network, makes the socket there, and ends; the socket keeps the network it was made in.</summary>
    private static Task<Socket> MakeSocketAsync(int processId, Action<Socket> use)
    {
        var made = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                using SafeFileHandle network = File.OpenHandle(
                    string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/ns/net"), share: FileShare.ReadWrite);
                if (EnterNamespace(network, Kind) != 0)
                {
                    throw new InvalidOperationException($"The network cannot be entered: {Marshal.GetLastPInvokeErrorMessage()}");
                }

                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    use(socket);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }

                made.SetResult(socket);
            }
            catch (Exception error)
            {
                made.SetException(error);
            }
        });
        thread.Start();
        return made.Task;
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int EnterNamespace(SafeFileHandle handle, int kind);
}
