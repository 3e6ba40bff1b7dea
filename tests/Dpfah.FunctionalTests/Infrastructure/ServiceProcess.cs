using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>A program run as a child process, as an operator runs it: real start, real signals, real end.</summary>
/// <remarks>
/// Everything it writes is kept; it is part of each failure's message, and goes to the test's output in the end.
/// Linux only, like the servers that the tests stand for.
/// </remarks>
public sealed partial class ServiceProcess : IAsyncDisposable
{
    private const int LinesInMessages = 200;
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly List<string> lines = [];
    private TaskCompletionSource changed = NewSignal();
    private int openStreams = 2;

    private ServiceProcess(ProcessStartInfo start, Uri? address)
    {
        process = new Process { StartInfo = start };
        BaseAddress = address;
    }

    /// <summary>Where the program listens.</summary>
    /// <exception cref="InvalidOperationException">It was started without an address.</exception>
    public Uri BaseAddress => field ?? throw new InvalidOperationException("This program was started without an address.");

    /// <summary>The system's number of the process.</summary>
    public int Id => process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>Everything written to standard output and standard error so far.</summary>
    public string Log
    {
        get
        {
            lock (lines)
            {
                return string.Join('\n', lines);
            }
        }
    }

    /// <summary>Physical memory that the process holds now, in bytes.</summary>
    /// <exception cref="InvalidOperationException">The process has ended.</exception>
    public long ResidentBytes
    {
        get
        {
            // "VmRSS:	  123456 kB"
            string line = File.ReadLines($"/proc/{Id}/status").FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
                ?? throw Failure("has ended, so it holds no memory");
            return 1024 * long.Parse(line["VmRSS:".Length..^" kB".Length].Trim());
        }
    }

    /// <summary>Starts a program.</summary>
    /// <param name="program">Name or path of the program.</param>
    /// <param name="arguments">Its arguments, unquoted.</param>
    /// <param name="environment">Variables set for it over this process's own; a null value removes one.</param>
    /// <param name="workingFolder">Folder it starts in; null for this process's own.</param>
    /// <param name="address">Where it will listen, when it is a service.</param>
    public static ServiceProcess Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingFolder = null,
        Uri? address = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = workingFolder ?? "",
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        var service = new ServiceProcess(start, address);
        service.process.OutputDataReceived += service.OnLine;
        service.process.ErrorDataReceived += service.OnLine;
        service.process.Start();
        service.process.BeginOutputReadLine();
        service.process.BeginErrorReadLine();
        return service;
    }

    /// <summary>Starts a web host from its assembly, listening on a free loopback port.</summary>
    /// <param name="assembly">Path of the host's .dll.</param>
    /// <param name="arguments">Arguments beside <c>--urls</c>.</param>
    /// <param name="environment">Variables set for it over this process's own; a null value removes one.</param>
    /// <param name="workingFolder">Folder it starts in; null for this process's own.</param>
    public static ServiceProcess StartHost(
        string assembly,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingFolder = null)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        return Start(dotnet, [assembly, "--urls", address.OriginalString, .. arguments], environment, workingFolder, address);
    }

    /// <summary>Waits until <c>GET /health/ready</c> answers 200.</summary>
    /// <param name="timeout">Two minutes unless set.</param>
    /// <exception cref="InvalidOperationException">The process ended first.</exception>
    /// <exception cref="TimeoutException">It was not ready in time; the message has its last answer.</exception>
    public async Task WaitUntilReadyAsync(TimeSpan? timeout = null)
    {
        using var client = new HttpClient { BaseAddress = BaseAddress, Timeout = TimeSpan.FromSeconds(10) };
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var clock = Stopwatch.StartNew();
        string answer;
        do
        {
            try
            {
                using HttpResponseMessage response = await client.GetAsync("/health/ready");
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }

                answer = $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                answer = error.Message;
            }

            if (HasExited)
            {
                await process.WaitForExitAsync();
                throw Failure($"ended with code {process.ExitCode} before it was ready");
            }
        }
        while (clock.Elapsed < (timeout ?? DefaultTimeout) && await pause.WaitForNextTickAsync());

        throw new TimeoutException(Failure($"was not ready after {clock.Elapsed.TotalSeconds:0} s; it answered: {answer}").Message);
    }

    /// <summary>Waits for a line of its output that contains a text; lines already written count.</summary>
    /// <param name="text">Text to look for, exact.</param>
    /// <param name="timeout">Two minutes unless set.</param>
    /// <returns>The first such line.</returns>
    /// <exception cref="InvalidOperationException">The process ended without it.</exception>
    /// <exception cref="TimeoutException">There was none in time.</exception>
    public async Task<string> WaitForLineAsync(string text, TimeSpan? timeout = null)
    {
        using var expiry = new CancellationTokenSource(timeout ?? DefaultTimeout);
        int read = 0;
        while (true)
        {
            Task next;
            lock (lines)
            {
                if (lines.Skip(read).FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
                {
                    return found;
                }

                if (openStreams == 0)
                {
                    throw Failure($"ended without the line \"{text}\"");
                }

                read = lines.Count;
                next = changed.Task;
            }

            try
            {
                await next.WaitAsync(expiry.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException(Failure($"did not write \"{text}\" in time").Message);
            }
        }
    }

    /// <summary>Waits until the process has ended and all its output was read.</summary>
    /// <param name="timeout">Two minutes unless set.</param>
    /// <returns>Its exit code; 128 + n when signal n ended it.</returns>
    /// <exception cref="TimeoutException">It still runs.</exception>
    public async Task<int> WaitForExitAsync(TimeSpan? timeout = null)
    {
        using var expiry = new CancellationTokenSource(timeout ?? DefaultTimeout);
        try
        {
            await process.WaitForExitAsync(expiry.Token);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException(Failure("did not end in time").Message);
        }
    }

    /// <summary>Ends the process at once, as <c>kill -9</c> does; its children live on.</summary>
    public async Task KillAsync()
    {
        Send(Signal.Kill);
        await WaitForExitAsync();
    }

    /// <summary>Asks the process to end, as <c>docker stop</c> does.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> TerminateAsync()
    {
        Send(Signal.Terminate);
        return WaitForExitAsync();
    }

    /// <summary>Freezes the process.</summary>
    public void Pause() => Send(Signal.Stop);

    /// <summary>Lets a frozen process run on.</summary>
    public void Continue() => Send(Signal.Continue);

    /// <summary>Kills the process and its children, if they still run, and gives its output to the test's.</summary>
    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"--- {process.StartInfo.FileName} {Id}, exit code {process.ExitCode}\n{Tail()}");
        process.Dispose();
        KeyWatch.AssertAbsent(Log);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, Signal signal);

    private void Send(Signal signal)
    {
        if (SendSignal(Id, signal) != 0)
        {
            throw Failure($"did not get signal {signal}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    private void OnLine(object sender, DataReceivedEventArgs received)
    {
        TaskCompletionSource woken;
        lock (lines)
        {
            if (received.Data is null)
            {
                openStreams--; // The end of one of the two streams.
            }
            else
            {
                lines.Add(received.Data);
            }

            woken = changed;
            changed = NewSignal();
        }

        woken.SetResult();
    }

    private InvalidOperationException Failure(string what) =>
        new($"{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)} {what}. Its output:\n{Tail()}");

    private string Tail()
    {
        lock (lines)
        {
            return string.Join('\n', lines.TakeLast(LinesInMessages));
        }
    }

    // Numbers of Linux on x64 and Arm64.
    private enum Signal
    {
        Kill = 9,
        Terminate = 15,
        Continue = 18,
        Stop = 19,
    }
}
