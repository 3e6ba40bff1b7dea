using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Dpfah.Benchmarks;

/// <summary>One side of a comparison: a process that searches when it is told to and sleeps in between.</summary>
internal sealed class IndexSide : IDisposable
{
    private readonly Process process;

    /// <summary>Starts it on all cores and waits until it has loaded.</summary>
    public IndexSide(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["OMP_WAIT_POLICY"] = "passive";
        process = Process.Start(start)!;
        About = Line();
    }

    /// <summary>What it said of itself when it had loaded.</summary>
    public JsonElement About { get; }

    /// <summary>Keeps all its threads on some cores from here on.</summary>
    /// <param name="cores">As taskset takes them, such as <c>1</c> or <c>0-1</c>.</param>
    public void Pin(string cores)
    {
        var start = new ProcessStartInfo("taskset", ["-a", "-c", "-p", cores, $"{process.Id}"]) { RedirectStandardOutput = true };
        using Process taskset = Process.Start(start)!;
        taskset.StandardOutput.ReadToEnd();
        taskset.WaitForExit();
    }

    /// <summary>Has it search once over; the others are quiet meanwhile.</summary>
    /// <param name="search">What for.</param>
    /// <param name="seconds">At least so long, over and over.</param>
    /// <param name="last">Of the peer the effort; of the index how many answers are checked.</param>
    public JsonElement Turn(IndexSearch search, double seconds, int last)
    {
        process.StandardInput.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{search.K} {search.Radius ?? -1} {search.Batch} {search.Threads} {search.Queries} {seconds} {last}"));
        process.StandardInput.Flush();
        return Line();
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }

    private JsonElement Line() => process.StandardOutput.ReadLine() is { } line
        ? JsonSerializer.Deserialize<JsonElement>(line) : throw new InvalidOperationException($"{process.StartInfo.FileName} ended early.");
}
