using System.Diagnostics;
using System.Globalization;
using Dpfah.Core.Imaging;
using Dpfah.Engine;
using Dpfah.Engine.Decoding;
using Dpfah.Learning.Imaging;
using Microsoft.Extensions.Logging.Abstractions;
using SkiaSharp;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>What it costs that pictures are decoded in processes of their own: time of a lone picture, pictures a second, memory.</summary>
internal static class DecodingCost
{
    private const int Most = 200, LeastRounds = 5, Starts = 5;

    public static int Run(string[] folders)
    {
        IPreviewMaker previews = new PreviewMaker(ImageDecoders.Create(ImageDecoders.Skia));
        List<(string Name, byte[][] Files)> sets =
        [
            ("sample, PNG of 28 x 28", Files(Picture.Sample())),
            ("JPEG of 640 x 480", Jpegs(640, 480, 20)), ("JPEG of 1600 x 1200", Jpegs(1600, 1200, 10)), ("JPEG of 4000 x 3000", Jpegs(4000, 3000, 5)),
            .. folders.Select(folder => (Path.GetFileName(folder.TrimEnd('/')), Files(Picture.Photos(folder)))),
        ];
        using var here = new DecodingInProcess(previews);
        double[] starts = [.. Enumerable.Range(0, Starts).Select(_ => StartMs(previews)).Order()];
        Table table = Tables.Create(
        [
            "pictures", "kB", "ms here", "ms in a process", "more, ms", "p99 here", "p99 in a process", "a second here", "a second in processes", "ratio", "MB of a process",
        ]);
        foreach ((string name, byte[][] files) in sets)
        {
            using DecodingInChildren there = Create(previews);
            there.Start();
            table.AddRow(Measure(name, files, here, there));
        }

        Tables.Show(
            "decoding",
            table,
            $"Previews made in this process and in others, in turn. Times of a lone picture: medians and 99th percentiles; a second: {Environment.ProcessorCount} at once. "
            + $"A process starts in {Number(starts[Starts / 2])} ms (median of {Starts}); its memory is what is resident and its own after the row, of all processes the largest.");
        return 0;
    }

    private static string[] Measure(string name, byte[][] files, DecodingInProcess here, DecodingInChildren there)
    {
        IDecoding[] both = [here, there];
        int rounds = Math.Max(LeastRounds, Most / files.Length);
        List<double>[] times = [[], []];
        for (int round = -LeastRounds; round < rounds; round++)
        {
            foreach (byte[] file in files)
            {
                for (int i = 0; i < both.Length; i++)
                {
                    long start = Stopwatch.GetTimestamp();
                    Make(both[i], file).GetAwaiter().GetResult();
                    if (round >= 0)
                    {
                        times[i].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                    }
                }
            }
        }

        // In turn again, the best of three of each.
        var rates = new double[both.Length];
        for (int turn = 0; turn < 3 * both.Length; turn++)
        {
            int i = turn % both.Length;
            rates[i] = Math.Max(rates[i], RateAsync(both[i], files, rounds * files.Length).GetAwaiter().GetResult());
        }

        double[] medians = [.. times.Select(list => Quantile(list, 0.5))];
        return
        [
            $"{name} ({files.Length})", Number(files.Average(file => file.Length) / 1000.0), Number(medians[0]), Number(medians[1]), Number(medians[1] - medians[0]),
            Number(Quantile(times[0], 0.99)), Number(Quantile(times[1], 0.99)), Number(rates[0]), Number(rates[1]), Number(rates[1] / rates[0]), Number(LargestChildMb()),
        ];
    }

    private static async Task Make(IDecoding decoding, byte[] file)
    {
        PreviewResult result = await decoding.MakeAsync(new DecodeRequest(file), EncodePriority.Query, CancellationToken.None);
        if (result.Preview is null)
        {
            throw new InvalidOperationException(result.Detail);
        }
    }

    private static async Task<double> RateAsync(IDecoding decoding, byte[][] files, int count)
    {
        int next = -1;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(async () =>
        {
            int i;
            while ((i = Interlocked.Increment(ref next)) < count)
            {
                await Make(decoding, files[i % files.Length]);
            }
        })));
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double StartMs(IPreviewMaker previews)
    {
        long start = Stopwatch.GetTimestamp();
        using var child = DecoderChild.Start(DecoderProgram.Beside, previews, DecoderLimits.DefaultBytes, nice: 0);
        child.WaitUntilReady();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static DecodingInChildren Create(IPreviewMaker previews) =>
        new(DecoderProgram.Beside, previews, new EngineOptions(), NullLogger<DecodingInChildren>.Instance);

    /// <summary>Resident memory that no file stands behind, of the largest child process.</summary>
    private static double LargestChildMb() => ChildProcesses.Ids().Max(id => File.ReadLines($"/proc/{id}/status")
        .Where(line => line.StartsWith("RssAnon:", StringComparison.Ordinal))
        .Sum(line => long.Parse(line["RssAnon:".Length..^" kB".Length].Trim(), CultureInfo.InvariantCulture) / 1e3));

    private static byte[][] Files(IReadOnlyList<Picture> pictures) => [.. pictures.Take(Most).Select(picture => picture.Bytes)];

    /// <summary>Pictures with soft forms and some noise, which take as many bytes as photos do.</summary>
    private static byte[][] Jpegs(int width, int height, int count) => [.. Enumerable.Range(0, count).Select(seed =>
    {
        var random = new Random(seed);
        using var small = new SKBitmap(new SKImageInfo(width / 8, height / 8));
        for (int y = 0; y < small.Height; y++)
        {
            for (int x = 0; x < small.Width; x++)
            {
                small.SetPixel(x, y, new SKColor((byte)(x * 255 / small.Width), (byte)random.Next(128), (byte)(y * 255 / small.Height)));
            }
        }

        using SKBitmap large = small.Resize(new SKImageInfo(width, height), new SKSamplingOptions(SKCubicResampler.Mitchell));
        return large.Encode(SKEncodedImageFormat.Jpeg, 85).ToArray();
    })];

    private static double Quantile(List<double> values, double q)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Min(sorted.Length - 1, (int)(q * sorted.Length))];
    }

    private static string Number(double value) => value.ToString(value < 10 ? "0.00" : value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
