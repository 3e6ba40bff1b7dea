using System.Globalization;
using Dpfah.Learning.Figures;
using ScottPlot;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>Sends thousands of pictures to <c>POST /search</c> of a running service and watches the memory of its process.</summary>
internal static class MemoryRun
{
    private const int Settled = 1000;
    private const int Step = 100;
    private const int Clients = 4;

    /// <summary>Share by which the memory may grow after the first thousand pictures.</summary>
    private const double Allowed = 0.05;

    public static int Run(string[] args)
    {
        if (args.Length < 2 || !int.TryParse(args[1], CultureInfo.InvariantCulture, out int processId))
        {
            AnsiConsole.WriteLine("usage: memory ADDRESS PROCESS-ID [PICTURES]     (start the demo first)");
            return 2;
        }

        int pictures = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 10_000;
        double[] megabytes = SendAsync(args[0], processId, pictures).GetAwaiter().GetResult();
        double baseline = megabytes[(Settled / Step) - 1];
        double growth = (megabytes[(Settled / Step)..].Max() / baseline) - 1;
        Draw(megabytes);
        Tables.Show(
            "memory",
            Tables.Create(["pictures", "MB at 1,000", "MB at the end", "most after 1,000", "growth"]).AddRow(
                $"{pictures:N0}", $"{baseline:0}", $"{megabytes[^1]:0}", $"{megabytes.Max():0}", $"{growth:P1}"),
            $"Resident memory of the service while {Clients} clients send pictures to POST /search; every picture differs, 100 to 700 pixels a side. Allowed growth: {Allowed:P0}.");
        return growth <= Allowed ? 0 : 1;
    }

    private static Task<double[]> SendAsync(string address, int processId, int pictures) => AnsiConsole.Progress().StartAsync(async context =>
    {
        ProgressTask task = context.AddTask("Searching", maxValue: pictures);
        using var client = new SampleClient(address);
        IReadOnlyList<Picture> sample = Picture.Sample();
        var megabytes = new double[pictures / Step];
        for (int step = 0; step < megabytes.Length; step++)
        {
            int first = step * Step;
            await Parallel.ForAsync(first, first + Step, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (i, _) =>
            {
                await client.SearchAsync(Distortion.Variant(sample[i % sample.Count].Bytes, i), 10);
                task.Increment(1);
            });
            megabytes[step] = SampleClient.ResidentBytes(processId) / 1e6;
        }

        return megabytes;
    });

    private static void Draw(double[] megabytes)
    {
        using var plot = new Plot();
        double[] counts = [.. Enumerable.Range(1, megabytes.Length).Select(i => (double)i * Step)];
        plot.Add.Scatter(counts, megabytes);
        plot.Add.HorizontalLine(megabytes[(Settled / Step) - 1] * (1 + Allowed)).LinePattern = LinePattern.Dashed;
        plot.Title("Resident memory of the service under POST /search");
        plot.XLabel("pictures searched");
        plot.YLabel("resident memory (MB); dashed: 5 % above 1,000 pictures");
        FigureFont.Register();
        plot.Font.Set(FigureFont.Family);
        plot.Axes.SetLimitsY(0, megabytes.Max() * 1.2);
        plot.SavePng(Path.Combine(Tables.Folder, "memory.png"), 900, 500);
    }
}
