using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Dpfah.Engine.Hosting;

namespace Dpfah.Engine.Training;

/// <summary>A run of <c>dpfah train</c> as a child process: a native crash, or memory that runs out, ends it and not the service.</summary>
/// <remarks>
/// It runs at low priority, so that searches come first. It ends when its standard input is closed, which the system does
/// when this process ends, however it ends.
/// </remarks>
internal sealed class TrainingChild : IAsyncDisposable
{
    private const int LinesKept = 20;
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(1);

    // libtorch says it once for each convolution of small pictures; it means nothing.
    private const string Noise = "Could not initialize NNPACK";

    private readonly Process process;
    private readonly Queue<string> lastErrors = new();
    private readonly Action<string> onError;
    private readonly Task readingErrors;

    private TrainingChild(Process process, Action<string> onError)
    {
        this.process = process;
        this.onError = onError;
        readingErrors = ReadErrorsAsync();
    }

    /// <summary>The last lines that it wrote for people.</summary>
    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (lastErrors)
            {
                return [.. lastErrors];
            }
        }
    }

    /// <summary>Starts the program on the run in a folder, from its beginning or from its last epoch.</summary>
    /// <param name="program">The program.</param>
    /// <param name="folder">Folder of the run, with its run.json.</param>
    /// <param name="onError">Told each line that it writes for people.</param>
    /// <exception cref="FileNotFoundException">The program is not there.</exception>
    public static TrainingChild Start(TrainingProgram program, string folder, Action<string> onError)
    {
        if (!File.Exists(program.Assembly))
        {
            throw new FileNotFoundException($"The program that trains, '{program.Assembly}', is missing: it is published beside the service.", program.Assembly);
        }

        string[] command =
        [
            DotnetHost.Path, program.Assembly, "train", "--output", ".", "--resume", "--measure", "--progress", "json", "--end-with-input",
        ];

        // By the program `nice`: a priority set after the start would miss the threads that are there by then.
        if (!OperatingSystem.IsWindows())
        {
            command = ["nice", "-n", program.Nice.ToString(CultureInfo.InvariantCulture), .. command];
        }

        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Threads that wait for work would take the cores from searches.
        start.Environment["OMP_WAIT_POLICY"] = "passive";
        Process process = Process.Start(start)!;
        if (OperatingSystem.IsWindows())
        {
            process.PriorityClass = ProcessPriorityClass.BelowNormal;
        }

        return new TrainingChild(process, onError);
    }

    /// <summary>Reads what it reports until it ends.</summary>
    /// <param name="onLine">Told each report.</param>
    /// <param name="cancellationToken">Ends the child, within seconds.</param>
    /// <returns>Its exit code; 128 + n when signal n ended it.</returns>
    public async Task<int> RunAsync(Func<JsonElement, Task> onLine, CancellationToken cancellationToken)
    {
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (TryParse(line) is { } report)
            {
                await onLine(report);
            }
        }

        await process.WaitForExitAsync(cancellationToken);
        await readingErrors.WaitAsync(cancellationToken);
        return process.ExitCode;
    }

    /// <summary>Ends the child when it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            process.StandardInput.Close();
            using var patience = new CancellationTokenSource(TimeToEnd);
            await process.WaitForExitAsync(patience.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private static JsonElement? TryParse(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null; // Some library's own words.
        }
    }

    private async Task ReadErrorsAsync()
    {
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            if (line.Length == 0 || line.Contains(Noise, StringComparison.Ordinal))
            {
                continue;
            }

            lock (lastErrors)
            {
                lastErrors.Enqueue(line);
                if (lastErrors.Count > LinesKept)
                {
                    lastErrors.Dequeue();
                }
            }

            onError(line);
        }
    }
}
