using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Dpfah.Core.Imaging;
using Microsoft.Win32.SafeHandles;

namespace Dpfah.Engine.Decoding;

/// <summary>A process that decodes pictures for a service, one after the other, until its standard input is closed.</summary>
public sealed class DecoderLoop : IDisposable
{
    /// <summary>The verb by which a program becomes one; behind it the decoder and the most bytes of memory.</summary>
    public const string Verb = "decode";

    private const int StandardInput = 0;
    private const int StandardOutput = 1;

    // Of Linux: memory that a process can write and has for itself, and what it leaves behind when it crashes.
    private const int DataLimit = 2;
    private const int CoreLimit = 4;

    /// <summary>Bytes of a crash: too few for a file, and the number at which Linux hands nothing to a program that gathers crashes; 0 would not keep it from that.</summary>
    private const ulong NoCore = 1;

    private readonly IPreviewMaker previews;
    private readonly Stream answers;
    private readonly SemaphoreSlim arrived = new(0);
    private DecodeRequest request;

    private DecoderLoop(IPreviewMaker previews, Stream answers) => (this.previews, this.answers) = (previews, answers);

    /// <summary>Runs; does not return.</summary>
    /// <param name="arguments">Those behind the verb.</param>
    /// <param name="create">Makes what decodes, and pictures to warm it up with.</param>
    public static void Run(IReadOnlyList<string> arguments, Func<string, (IPreviewMaker Previews, IReadOnlyList<byte[]> WarmUp)> create)
    {
        if (OperatingSystem.IsLinux())
        {
            Limit(DataLimit, ulong.Parse(arguments[1], CultureInfo.InvariantCulture));
            Limit(CoreLimit, NoCore);
            GoFirst();
        }

        // Whoever stops the service stops its processes with it, by the same signal: until it is done, it needs them.
        PosixSignal[] signals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];
        PosixSignalRegistration[] deaf = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, context => context.Cancel = true))];

        (IPreviewMaker previews, IReadOnlyList<byte[]> warmUp) = create(arguments[0].Split('/')[0]);
        foreach (byte[] picture in warmUp)
        {
            previews.Make(picture);
        }

        // Windows has other numbers for them.
        using Stream input = OperatingSystem.IsWindows()
            ? Console.OpenStandardInput()
            : new FileStream(new SafeFileHandle(StandardInput, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        using Stream output = OperatingSystem.IsWindows()
            ? Console.OpenStandardOutput()
            : new FileStream(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        DecoderMessages.WriteGreeting(output, previews.Decoder);
        using var loop = new DecoderLoop(previews, output);
        loop.Read(input);
        GC.KeepAlive(deaf);
    }

    /// <inheritdoc/>
    public void Dispose() => arrived.Dispose();

    /// <summary>Reads on while a picture is decoded: however the service ends, this process ends at once, wherever a decoder may hang.</summary>
    private void Read(Stream input)
    {
        new Thread(Decode) { IsBackground = true, Name = "decoding" }.Start();
        byte[] buffer = [];
        try
        {
            while (true)
            {
                request = DecoderMessages.ReadRequest(input, ref buffer);
                arrived.Release();
            }
        }
        catch (IOException)
        {
            // Closed. An orderly exit would wait for a decoder that hangs.
            Process.GetCurrentProcess().Kill();
        }
    }

    private void Decode()
    {
        while (true)
        {
            arrived.Wait();

            // What nobody expected ends the process: to the service that is a picture that does so.
            PreviewResult result = DecodingInProcess.Make(previews, request);
            try
            {
                DecoderMessages.WriteAnswer(answers, result);
            }
            catch (IOException)
            {
                Process.GetCurrentProcess().Kill();
            }
        }
    }

    /// <summary>Has the system take this process, rather than the service, when memory runs out.</summary>
    private static void GoFirst()
    {
        try
        {
            using var score = new FileStream("/proc/self/oom_score_adj", FileMode.Open, FileAccess.Write);
            score.Write("1000"u8);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Not every sandbox has the file or lets it be written: the system chooses by size alone, then, and all else goes on.
        }
    }

    /// <summary>Sets a limit, or what the system allows if that is less.</summary>
    private static void Limit(int resource, ulong most)
    {
        if (GetLimit(resource, out ResourceLimit found) == 0)
        {
            most = Math.Min(most, found.Hard);
        }

        var limits = new ResourceLimit { Soft = most, Hard = most };
        if (SetLimit(resource, limits) != 0)
        {
            throw new InvalidOperationException($"The limit {resource} cannot be set to {most}: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    [DllImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetLimit(int resource, out ResourceLimit limits);

    [DllImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetLimit(int resource, in ResourceLimit limits);

    private struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
