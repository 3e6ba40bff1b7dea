using System.Diagnostics;
using System.Globalization;
using Dpfah.Learning.Imaging;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>
/// From the files of photos to the pixels of their previews, against Pillow with its draft mode: each measurement is a process of its
/// own on one core, the sides take turns. <c>compare-decoder.sh</c> makes the photos and calls it.
/// </summary>
internal static class DecodeSpeed
{
    /// <summary>Mean difference of a byte, of 255, up to which two ways to make a picture smaller give the same picture.</summary>
    private const double Tolerance = 4;

    private const string Peer = "tests/Dpfah.Benchmarks/peer/decode_speed.py";
    private const string Pillow = "Pillow", PillowAtTwice = "Pillow at twice the size", Eighth = "Pillow, an eighth of the size, decoding alone";
    private const string Here = "here", Preview = "here, with the preview's JPEG", Managed = "here, ImageSharp";

    private static readonly string[] Sides = [Pillow, Here, PillowAtTwice, Eighth, Preview, Managed];

    public static int Run(string[] args)
    {
        if (args is ["measure", ..])
        {
            PinnedRun.Tell(Measure(args[1], Photos(args[2]), int.Parse(args[3], CultureInfo.InvariantCulture)));
            return 0;
        }

        NamedOptions? options = NamedOptions.Read(
            args, new Dictionary<string, string> { ["photos"] = "", ["rounds"] = "5", ["repeats"] = "7", ["commit"] = "" });
        if (options is null)
        {
            return 1;
        }

        string[] photos = options["photos"].Length == 0 ? [] : Photos(options["photos"]);
        if (photos.Length == 0)
        {
            Console.Error.WriteLine("--photos is the folder that 'peer/decode_speed.py photos' wrote; there is no .jpg in it.");
            return 1;
        }

        double worst = photos.Zip(PillowPixels(options["photos"]), Difference).Max();
        double[][][] seconds = [.. Sides.Select(_ => new double[options.Number("rounds")][])];
        for (int round = 0; round < options.Number("rounds"); round++)
        {
            for (int side = 0; side < Sides.Length; side++)
            {
                seconds[side][round] = Sides[side].StartsWith(Pillow, StringComparison.Ordinal)
                    ? PinnedRun.Seconds(1, PinnedRun.Python, [Peer, "measure", options["photos"], options["repeats"], Argument(Sides[side])])
                    : PinnedRun.Seconds(1, Environment.ProcessPath!, ["decode", "measure", Sides[side], options["photos"], options["repeats"]]);
            }
        }

        Table table = Tables.Create(["photo", "MP", "kB", .. Sides.Select(side => $"{side}: ms"), "times as fast as Pillow", "as Pillow at twice the size"]);
        for (int i = 0; i < photos.Length; i++)
        {
            ImageHeader header = ImageHeader.Read(File.ReadAllBytes(photos[i]))!;
            table.AddRow(Row(
                Path.GetFileNameWithoutExtension(photos[i]),
                $"{header.Width * (double)header.Height / 1e6:0.0}",
                $"{new FileInfo(photos[i]).Length / 1000}",
                [.. seconds.Select(side => side.Select(round => round[i]).ToArray())]));
        }

        table.AddRow(Row(
            "**all, mean**",
            "",
            "",
            [.. seconds.Select(side => side.Select(round => round.Sum() / photos.Length).ToArray())]));
        Tables.Show(
            "decode",
            table,
            $"From a file in memory to the preview's pixels (shorter side 256), without its JPEG unless named; one core, one thread. Pillow {PillowVersion()}: draft mode, which has the JPEG decoded at the "
            + "smallest eighths of its size that are no smaller than what is wanted (at twice the size: than twice of it, which is what the service asks of Skia), and the same triangle filter. An eighth of the size, "
            + "decoding alone: what reading the file's Huffman codes costs with libjpeg-turbo, a floor under each decoder that reads all of them. "
            + $"Medians of {options["rounds"]} rounds in turn, each a process of its own and the median of {options["repeats"]} repeats; in brackets the lowest and highest round. "
            + $"Pixels of Pillow and of here differ by {worst:0.0} of 255 in the mean at most (at most {Tolerance} are let pass). {Network.Decoder.Name}, JPEGs {(TurboJpeg.IsUsable ? "by the system's libjpeg-turbo" : "by Skia alone")}. Commit {options["commit"]}.");
        return 0;
    }

    private static string[] Photos(string folder) => [.. Directory.GetFiles(folder, "*.jpg").Order(StringComparer.Ordinal)];

    private static string Argument(string side) => side switch
    {
        Pillow => "1",
        PillowAtTwice => "2",
        _ => "eighth",
    };

    private static string[] Row(string name, string megapixels, string kilobytes, double[][] seconds) =>
    [
        name, megapixels, kilobytes, .. seconds.Select(side => $"{1000 * PinnedRun.Median(side):0.00}"),
        Ratio(seconds[Array.IndexOf(Sides, Pillow)], seconds[Array.IndexOf(Sides, Here)]),
        Ratio(seconds[Array.IndexOf(Sides, PillowAtTwice)], seconds[Array.IndexOf(Sides, Here)]),
    ];

    private static string Ratio(double[] theirs, double[] ours)
    {
        double[] ratios = [.. theirs.Zip(ours, (t, o) => t / o).Order()];
        return $"{ratios[ratios.Length / 2]:0.00} ({ratios[0]:0.00}-{ratios[^1]:0.00})";
    }

    private static double[] Measure(string side, string[] photos, int repeats)
    {
        var maker = new PreviewMaker(ImageDecoders.Create(side == Managed ? ImageDecoders.ImageSharp : ImageDecoders.Skia));
        byte[][] files = [.. photos.Select(File.ReadAllBytes)];
        Func<byte[], object> work = side == Preview
            ? file => maker.Make(file).Preview!
            : file => maker.Shrink(file, ImageHeader.Read(file)!);

        // All photos twice: the compiler's last tier is there before the clock starts.
        double[][] each = [.. files.Select(_ => new double[repeats])];
        for (int i = -2; i < repeats; i++)
        {
            for (int photo = 0; photo < files.Length; photo++)
            {
                long start = Stopwatch.GetTimestamp();
                GC.KeepAlive(work(files[photo]));
                if (i >= 0)
                {
                    each[photo][i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
                }
            }
        }

        return [.. each.Select(PinnedRun.Median)];
    }

    /// <summary>Mean difference of the bytes of our pixels and Pillow's.</summary>
    private static double Difference(string photo, byte[] theirs)
    {
        byte[] file = File.ReadAllBytes(photo);
        RgbImage ours = Network.Previews.Shrink(file, ImageHeader.Read(file)!);
        if (ours.Pixels.Length != theirs.Length)
        {
            throw new InvalidOperationException($"{photo}: {ours.Width} x {ours.Height} pixels here, {theirs.Length} bytes in Pillow.");
        }

        double sum = 0;
        for (int i = 0; i < theirs.Length; i++)
        {
            sum += Math.Abs(ours.Pixels[i] - theirs[i]);
        }

        return sum / theirs.Length <= Tolerance
            ? sum / theirs.Length
            : throw new InvalidOperationException($"{photo}: the pixels differ from Pillow's by {sum / theirs.Length:0.0} of 255 in the mean.");
    }

    private static List<byte[]> PillowPixels(string folder)
    {
        string pixels = Directory.CreateTempSubdirectory("dpfah-pixels-").FullName;
        PinnedRun.Output(PinnedRun.Python, [Peer, "pixels", folder, pixels]);
        List<byte[]> read = [.. Directory.GetFiles(pixels).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        Directory.Delete(pixels, recursive: true);
        return read;
    }

    private static string PillowVersion() => PinnedRun.Output(PinnedRun.Python, ["-c", "import PIL; print(PIL.__version__)"]).Trim();
}
