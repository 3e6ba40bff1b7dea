using System.Diagnostics;
using System.Numerics;
using System.Text.Json;

namespace Dpfah.Benchmarks;

/// <summary>A measurement as a process of its own, on as many cores as it has threads, with the same setting of malloc for all.</summary>
internal static class PinnedRun
{
    public const string Python = "/usr/bin/python3";

    /// <summary>The peer in PyTorch; run from the repository's root.</summary>
    public const string Peer = "tests/Dpfah.Benchmarks/peer/torch_speed.py";

    private const string Malloc = "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=4294967296:glibc.malloc.top_pad=67108864";

    /// <summary>The cores that this process may use.</summary>
    public static int[] Cores
    {
        get
        {
            using Process here = Process.GetCurrentProcess();
            ulong mask = OperatingSystem.IsLinux() || OperatingSystem.IsWindows() ? (ulong)here.ProcessorAffinity : ulong.MaxValue;
            return [.. Enumerable.Range(0, Math.Min(64, BitOperations.Log2(mask) + 1)).Where(core => (mask >> core & 1) != 0)];
        }
    }

    /// <summary>Runs a program that prints <c>{"seconds": […]}</c>.</summary>
    /// <param name="threads">Cores that it gets, at most those of this process.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public static double[] Seconds(int threads, string program, IEnumerable<string> arguments)
    {
        using JsonDocument answer = JsonDocument.Parse(Output("taskset", ["-c", string.Join(',', Cores.Take(threads)), program, .. arguments]));
        return [.. answer.RootElement.GetProperty("seconds").EnumerateArray().Select(s => s.GetDouble())];
    }

    /// <summary>Prints what <see cref="Seconds"/> reads.</summary>
    public static void Tell(double[] seconds) => Console.WriteLine(JsonSerializer.Serialize(new { seconds }));

    /// <summary>Seconds of each repeat of an action, after three to warm up.</summary>
    public static double[] Timed(int repeats, Action action)
    {
        for (int i = 0; i < 3; i++)
        {
            action();
        }

        var seconds = new double[repeats];
        for (int i = 0; i < repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return seconds;
    }

    public static string TorchVersion() => Output(Python, ["-c", "import torch; print(torch.__version__)"]).Trim();

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <summary>What a program prints.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static string Output(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        start.Environment["GLIBC_TUNABLES"] = Malloc;
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }
}
