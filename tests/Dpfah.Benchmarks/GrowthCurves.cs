using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Dpfah.Core.Imaging;
using Dpfah.Engine;
using Dpfah.Engine.Data;
using Dpfah.Engine.Models;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Figures;
using Dpfah.Learning.Native;
using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>
/// What a lone caller waits for as the work grows: searches by code and the service's memory by the number of items, searches by picture
/// by the picture's size. The service is a process of its own on SQLite, asked over HTTP.
/// </summary>
internal sealed class GrowthCurves(NamedOptions options)
{
    private const int Port = 18743;
    private const int CodeQueries = 1_000, PictureQueries = 60;

    private readonly string folder = Directory.CreateDirectory(options["folder"]).FullName;

    /// <summary><c>--folder DIR --photos DIR [--items 10000,…] [--megapixels 0.1,…] [--cores 0-1] [--commit C]</c>.</summary>
    public static int Run(string[] args)
    {
        var options = NamedOptions.Read(args, new()
        {
            ["folder"] = "",
            ["photos"] = "",
            ["items"] = "10000,30000,100000,300000,1000000,3000000,10000000",
            ["megapixels"] = "0.1,0.3,0.6,1,2,3,4,6,8,10,12",
            ["cores"] = "0-1",
            ["commit"] = "",
        });
        if (options is null)
        {
            return 1;
        }

        if (options["folder"].Length == 0 || !Directory.Exists(options["photos"]) || Service() is null)
        {
            Console.Error.WriteLine(
                "--folder is where catalogues are written and found again (5 GB for all sizes), --photos that of compare-decoder.sh. The service must be built: dotnet build -c Release src/Dpfah.Api.");
            return 1;
        }

        new GrowthCurves(options).RunAsync().GetAwaiter().GetResult();
        return 0;
    }

    private static string? Service() => Directory.Exists("src/Dpfah.Api/bin/Release")
        ? Directory.GetFiles("src/Dpfah.Api/bin/Release", "Dpfah.Api.dll", SearchOption.AllDirectories).FirstOrDefault(path => !path.Contains("publish", StringComparison.Ordinal))
        : null;

    private async Task RunAsync()
    {
        List<(int Items, double Median, double Last, double Index, double Megabytes, double Ready)> byItems = [];
        foreach (int items in options.Numbers("items"))
        {
            Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {items:N0} items");
            string data = await FillAsync(items);
            await using ServiceSide service = await StartAsync(data);
            (double[] waited, double[] searched) = await SearchByCodesAsync(service);
            byItems.Add((items, At(waited, 0.5), At(waited, 0.99), At(searched, 0.5), service.Megabytes(), service.TimeToReady.TotalSeconds));
        }

        List<(double Megapixels, double Kilobytes, double Median, double Last, double Decode, double Model)> bySize = [];
        await using (ServiceSide service = await StartAsync(await FillAsync(options.Numbers("items")[0])))
        {
            string largest = Directory.GetFiles(options["photos"], "*.jpg").Order(StringComparer.Ordinal).Last();
            foreach (double megapixels in options["megapixels"].Split(',').Select(n => double.Parse(n, CultureInfo.InvariantCulture)))
            {
                byte[] picture = Scaled(largest, megapixels);
                double[][] times = await SearchByPictureAsync(service, picture);
                bySize.Add((megapixels, picture.Length / 1e3, At(times[0], 0.5), At(times[0], 0.99), At(times[1], 0.5), At(times[2], 0.5)));
            }
        }

        DrawByItems(byItems);
        DrawBySize(bySize);
        Table table = Tables.Create(["items", "by code: median ms", "p99 ms", "in the index: median ms", "memory MB", "start to first answer s"]);
        byItems.ForEach(row => table.AddRow($"{row.Items:N0}", $"{row.Median:0.000}", $"{row.Last:0.000}", $"{row.Index:0.000}", $"{row.Megabytes:0}", $"{row.Ready:0.0}"));
        Tables.Show(
            "growth-items",
            table,
            $"Searches by codes that no item has, one after the other, k = 10, over HTTP on loopback; {CodeQueries:N0} of them after as many to warm up. Uniform codes of 64 bits with signatures, a label and an id each; SQLite. "
            + $"Memory after them, libtorch and the model among it. Service and client on cores {options["cores"]}. Commit {options["commit"]}.\n\n![](growth-by-code.png)\n\n![](growth-memory.png)");
        table = Tables.Create(["megapixels", "kB", "by picture: median ms", "p99 ms", "decoding and preview: median ms", "network: median ms"]);
        bySize.ForEach(row => table.AddRow($"{row.Megapixels}", $"{row.Kilobytes:0}", $"{row.Median:0.0}", $"{row.Last:0.0}", $"{row.Decode:0.0}", $"{row.Model:0.0}"));
        Tables.Show(
            "growth-pixels",
            table,
            $"Searches by one photo at several sizes (JPEG of quality 90, 4:2:0, other bytes each time), one after the other, k = 10, {PictureQueries} after ten to warm up, over HTTP on loopback; model `itq-64` (128-pixel input, float32). "
            + $"Decoding and network as the answers tell them. Service and client on cores {options["cores"]}. Commit {options["commit"]}.\n\n![](growth-by-picture.png)");
    }

    /// <summary>A catalogue of so many items in a data folder of its own.</summary>
    private async Task<string> FillAsync(int items)
    {
        string data = Path.Combine(folder, items.ToString(CultureInfo.InvariantCulture));
        if (File.Exists(Path.Combine(data, "filled")))
        {
            return data;
        }

        Directory.CreateDirectory(data);
        var first = new FirstModel(Network.Decoder, TorchDevice.Choose("cpu"));
        EncoderIdentity identity;
        await using (IImageEncoder encoder = FirstEncoder.Open(new EncoderOptions()))
        {
            identity = encoder.Identity;
        }

        await using (var database = new SqliteDatabase(Path.Combine(data, EngineOptions.SqliteFileName)))
        {
            await database.PrepareAsync(CancellationToken.None);
            await new LoadData(FirstModel.DefaultBits).EnsureAsync(
                database, new ModelStore(database, first, TimeProvider.System), ServiceData.Collection, items, identity);
        }

        File.WriteAllText(Path.Combine(data, "filled"), "");
        return data;
    }

    private Task<ServiceSide> StartAsync(string data) => ServiceSide.StartAsync(
        options["cores"],
        Port,
        Path.Combine(folder, "service.log"),
        new Dictionary<string, string> { ["Logging__LogLevel__Default"] = "Warning" },
        "dotnet",
        Service()!,
        "--urls",
        $"http://127.0.0.1:{Port}",
        "--Dpfah:DataFolder",
        data);

    private static async Task<(double[] Waited, double[] Searched)> SearchByCodesAsync(ServiceSide service)
    {
        double[] waited = new double[CodeQueries], searched = new double[CodeQueries];
        var random = new Random(1);
        var code = new byte[FirstModel.DefaultBits / 8];
        for (int i = -CodeQueries; i < CodeQueries; i++)
        {
            random.NextBytes(code);
            string hex = Convert.ToHexStringLower(code);
            long start = Stopwatch.GetTimestamp();
            JsonElement answer = await service.SearchByCodeAsync(hex);
            if (i >= 0)
            {
                waited[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                searched[i] = answer.GetProperty("timings").GetProperty("searchMs").GetDouble();
            }
        }

        return (waited, searched);
    }

    private static async Task<double[][]> SearchByPictureAsync(ServiceSide service, byte[] picture)
    {
        double[][] times = [new double[PictureQueries], new double[PictureQueries], new double[PictureQueries]];
        for (int i = -10; i < PictureQueries; i++)
        {
            byte[] sent = ServiceLoad.Distinct(picture, i);
            long start = Stopwatch.GetTimestamp();
            JsonElement answer = await service.SearchAsync(sent);
            if (i >= 0)
            {
                JsonElement timings = answer.GetProperty("timings");
                (times[0][i], times[1][i], times[2][i]) = (
                    Stopwatch.GetElapsedTime(start).TotalMilliseconds,
                    timings.GetProperty("decodeMs").GetDouble(),
                    timings.GetProperty("modelMs").GetDouble());
            }
        }

        return times;
    }

    private static byte[] Scaled(string photo, double megapixels)
    {
        using SKBitmap whole = SKBitmap.Decode(photo);
        double scale = Math.Sqrt(megapixels * 1e6 / ((double)whole.Width * whole.Height));
        using SKBitmap scaled = whole.Resize(
            new SKImageInfo((int)Math.Round(whole.Width * scale), (int)Math.Round(whole.Height * scale), SKColorType.Rgba8888, SKAlphaType.Opaque),
            new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        using SKData data = scaled.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }

    private static void DrawByItems(List<(int Items, double Median, double Last, double Index, double Megabytes, double Ready)> rows)
    {
        double[] items = [.. rows.Select(row => Math.Log10(row.Items))];
        using Plot latency = Chart.Create("items", "ms");
        Add(latency, "p99, over HTTP", items, [.. rows.Select(row => Math.Log10(row.Last))]);
        Add(latency, "median, over HTTP", items, [.. rows.Select(row => Math.Log10(row.Median))]);
        Add(latency, "median, in the index", items, [.. rows.Select(row => Math.Log10(row.Index))]);
        latency.Axes.Bottom.TickGenerator = Powers(items, "N0");
        latency.Axes.Left.TickGenerator = Steps(rows.SelectMany(row => (double[])[row.Last, row.Median, row.Index]));
        Save(latency, "growth-by-code", "A lone search by code");

        using Plot memory = Chart.Create("items", "MB");
        Add(memory, "service", items, [.. rows.Select(row => Math.Log10(row.Megabytes))]);
        memory.Axes.Bottom.TickGenerator = Powers(items, "N0");
        memory.Axes.Left.TickGenerator = Steps(rows.Select(row => row.Megabytes));
        Save(memory, "growth-memory", "Memory of the service");
    }

    private static void DrawBySize(List<(double Megapixels, double Kilobytes, double Median, double Last, double Decode, double Model)> rows)
    {
        double[] megapixels = [.. rows.Select(row => row.Megapixels)];
        using Plot plot = Chart.Create("megapixels", "ms");
        Add(plot, "p99, over HTTP", megapixels, [.. rows.Select(row => row.Last)]);
        Add(plot, "median, over HTTP", megapixels, [.. rows.Select(row => row.Median)]);
        Add(plot, "decoding and preview", megapixels, [.. rows.Select(row => row.Decode)]);
        Add(plot, "network", megapixels, [.. rows.Select(row => row.Model)]);
        plot.Axes.SetLimitsY(0, 1.1 * rows.Max(row => row.Last));
        Save(plot, "growth-by-picture", "A lone search by picture");
    }

    private static void Add(Plot plot, string name, double[] x, double[] y)
    {
        CurveStyle style = CurveStyle.Of(["", "", "", ""])[plot.GetPlottables().Count()];
        ScottPlot.Plottables.Scatter curve = plot.Add.Scatter(x, y, style.Color);
        curve.LineWidth = style.LineWidth;
        curve.MarkerStyle = style.MarkerStyle();
        curve.LegendText = name;
    }

    private static void Save(Plot plot, string name, string title)
    {
        plot.Title(title);
        plot.ShowLegend(Alignment.UpperLeft);
        plot.SavePng(Path.Combine(Tables.Folder, $"{name}.png"), 900, 560);
    }

    private static NumericManual Powers(double[] logarithms, string format)
    {
        int[] powers = [.. Enumerable.Range((int)Math.Floor(logarithms.Min()), 10).Where(power => power <= logarithms.Max() + 0.01)];
        return new NumericManual([.. powers.Select(power => (double)power)], [.. powers.Select(power => Math.Pow(10, power).ToString(format, CultureInfo.InvariantCulture))]);
    }

    /// <summary>Ticks at 1, 2 and 5 times powers of ten on a logarithmic axis.</summary>
    private static NumericManual Steps(IEnumerable<double> values)
    {
        double[] all = [.. values];
        double[] steps =
        [
            .. from power in Enumerable.Range(-4, 10)
               from step in (int[])[1, 2, 5]
               let value = step * Math.Pow(10, power)
               where value >= all.Min() / 2 && value <= all.Max() * 2
               select value,
        ];
        return new NumericManual([.. steps.Select(Math.Log10)], [.. steps.Select(step => step.ToString("0.####", CultureInfo.InvariantCulture))]);
    }

    private static double At(double[] values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)(share * (sorted.Length - 1))];
    }
}
