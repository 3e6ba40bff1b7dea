using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Hosting;

namespace Dpfah.Engine.Decoding;

/// <summary>A process that decodes pictures for this one, one at a time. Used by one thread.</summary>
/// <remarks>It ends when its standard input is closed, which the system does when this process ends, however it ends.</remarks>
internal sealed class DecoderChild : IDisposable
{
    private static readonly TimeSpan TimeToStart = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(1);

    /// <summary>Exit code of a process that a signal ended, without the signal.</summary>
    private const int BySignal = 128;

    private const int KillSignal = 9;

    /// <summary>All that it gets of this process's environment, which holds keys and passwords.</summary>
    private static readonly string[] Inherited =
        ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot", "LD_LIBRARY_PATH", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64"];

    private static readonly Dictionary<string, string> Environment = new()
    {
        // One picture at a time, on one thread.
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_gcConcurrent"] = "0",

        // Nobody debugs it, and a crash leaves nothing behind.
        ["DOTNET_EnableDiagnostics"] = "0",

        // Its few loops over pixels are compiled well from the start.
        ["DOTNET_TieredPGO"] = "0",
        ["DOTNET_TC_QuickJitForLoops"] = "0",

        // Buffers of ordinary pictures stay with it, those of large ones go back to the system.
        ["GLIBC_TUNABLES"] = "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=67108864:glibc.malloc.arena_max=2",
    };

    private readonly Process process;
    private readonly IPreviewMaker previews;
    private readonly Stream input;
    private readonly Stream output;
    private readonly Lock gate = new();
    private bool isDisposed;

    private DecoderChild(Process process, IPreviewMaker previews) =>
        (this.process, this.previews, input, output) = (process, previews, process.StandardInput.BaseStream, process.StandardOutput.BaseStream);

    /// <summary>Whether the process has ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>How the process ended, in words; once it has.</summary>
    public string End => process.ExitCode > BySignal
        ? string.Create(CultureInfo.InvariantCulture, $"signal {process.ExitCode - BySignal}")
        : string.Create(CultureInfo.InvariantCulture, $"exit code {process.ExitCode}");

    /// <summary>Whether something else has killed the process at its last picture, as the system does where memory is short: no fault of the picture.</summary>
    public bool IsKilled { get; private set; }

    /// <summary>Starts a process; does not wait until it can decode.</summary>
    /// <param name="program">The program.</param>
    /// <param name="previews">What decodes there as well: it must have the same decoder, and what it gives must be previews.</param>
    /// <param name="memoryBytes">Most memory of its own, in bytes; kept on Linux.</param>
    /// <param name="nice">How far it stands back behind other processes, 0 to 19.</param>
    /// <exception cref="IOException">It did not start; the message says why.</exception>
    public static DecoderChild Start(DecoderProgram program, IPreviewMaker previews, long memoryBytes, int nice)
    {
        string[] command =
        [
            DotnetHost.Path, program.Assembly, DecoderLoop.Verb, previews.Decoder, memoryBytes.ToString(CultureInfo.InvariantCulture), .. program.Arguments,
        ];

        // By the program `nice`: a priority set after the start would miss the threads that are there by then.
        if (nice > 0 && !OperatingSystem.IsWindows())
        {
            try
            {
                return new DecoderChild(Run(["nice", "-n", nice.ToString(CultureInfo.InvariantCulture), .. command]), previews);
            }
            catch (Win32Exception)
            {
                // It is not installed here: then without.
            }
        }

        try
        {
            return new DecoderChild(Run(command), previews);
        }
        catch (Win32Exception error)
        {
            throw new IOException($"'{command[0]}' did not start: {error.Message}", error);
        }
    }

    /// <summary>Waits until it can decode, a minute at most.</summary>
    /// <exception cref="IOException">It cannot, or was ended meanwhile; the message says why.</exception>
    public void WaitUntilReady()
    {
        using var limit = new TimeLimit(this, TimeToStart);
        string found;
        try
        {
            found = DecoderMessages.ReadGreeting(output);
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            Kill();
            throw new IOException(
                limit.TryEnd()
                    ? $"the process that decodes ended at its start ({End}), see standard error"
                    : $"the process that decodes was not ready after {TimeToStart.TotalSeconds:0} s",
                error);
        }

        if (!limit.TryEnd() || found != previews.Decoder)
        {
            throw new IOException($"the process that decodes has '{found}' in place of '{previews.Decoder}': service and dpfah.dll are of two versions");
        }
    }

    /// <summary>Has a picture decoded.</summary>
    /// <param name="request">The picture.</param>
    /// <param name="time">Longest time, after which the process is ended.</param>
    /// <param name="isLate">Whether that has happened.</param>
    /// <returns>The answer; null when there is none, and the process is of no use any more.</returns>
    public PreviewResult? Make(DecodeRequest request, TimeSpan time, out bool isLate)
    {
        using var limit = new TimeLimit(this, time);
        try
        {
            DecoderMessages.WriteRequest(input, request);
            PreviewResult result = DecoderMessages.ReadAnswer(output);
            ThrowIfUnsound(result.Preview, request);
            isLate = !limit.TryEnd();
            if (!isLate)
            {
                return result;
            }
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            isLate = !limit.TryEnd();

            // Before this process ends it by the same signal.
            IsKilled = !isLate && error is IOException && process.WaitForExit(TimeToEnd) && process.ExitCode == BySignal + KillSignal;
        }

        Kill();
        return null;
    }

    /// <summary>Ends the process at once, from any thread; whoever waits for its answer gets none.</summary>
    public void Kill()
    {
        lock (gate)
        {
            if (!isDisposed)
            {
                process.Kill();
                process.WaitForExit();
            }
        }
    }

    /// <summary>Lets the process end, and ends it where it does not.</summary>
    public void Dispose()
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended.
        }

        if (!process.WaitForExit(TimeToEnd))
        {
            Kill();
        }

        lock (gate)
        {
            isDisposed = true;
            process.Dispose();
        }
    }

    private static Process Run(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        Dictionary<string, string?> kept = Inherited.Where(start.Environment.ContainsKey).ToDictionary(name => name, name => start.Environment[name]);
        start.Environment.Clear();
        foreach ((string name, string? value) in kept.Concat(Environment.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))))
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>A picture may have made the process write what it wants: only what has the form of a preview leaves here.</summary>
    private void ThrowIfUnsound(Preview? preview, DecodeRequest request)
    {
        if (preview is not null && ((preview.Decoder != previews.Decoder && preview.Decoder != request.MadeBy) || !previews.IsSound(preview)))
        {
            throw new InvalidDataException("What a decoding process gave is no preview.");
        }
    }

    /// <summary>Ends the process when its time is up, unless what it was for has ended before.</summary>
    /// <remarks>The time is counted in ticks of a timer: a pause of this process, in which that one may have stood still too, counts for two at most.</remarks>
    private sealed class TimeLimit : IDisposable
    {
        private const int Ticks = 20;
        private const int Ended = 1;
        private const int IsUp = 2;

        private readonly DecoderChild child;
        private readonly Timer timer;
        private int ticks;
        private int state;

        public TimeLimit(DecoderChild child, TimeSpan time)
        {
            this.child = child;
            var tick = TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds / Ticks));
            timer = new Timer(_ => Tick(), null, tick, tick);
        }

        /// <summary>Ends the limit.</summary>
        /// <returns>False when the time was up before.</returns>
        public bool TryEnd() => Interlocked.CompareExchange(ref state, Ended, 0) != IsUp;

        public void Dispose() => timer.Dispose();

        private void Tick()
        {
            if (Interlocked.Increment(ref ticks) == Ticks && Interlocked.CompareExchange(ref state, IsUp, 0) == 0)
            {
                child.Kill();
            }
        }
    }
}
