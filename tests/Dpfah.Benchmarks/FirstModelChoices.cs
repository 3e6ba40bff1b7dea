using Dpfah.Core.Evaluation;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Models;
using SkiaSharp;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Benchmarks;

/// <summary>Which blocks and which input size the first model takes: retrieval by label, and finding an altered picture again, on the sample.</summary>
internal static class FirstModelChoices
{
    private const int Bits = 64;
    private const int Altered = 200;

    public static int Run(string[] args)
    {
        // By default all; else such as 2:224/224.
        string[] choices = args.Length > 0 ? args
            : [.. from blocks in (int[])[2, 3] from size in (string[])["64/64", "96/96", "128/128", "160/160", "192/192", "224/224", "256/224"] select $"{blocks}:{size}"];
        IReadOnlyList<Picture> pictures = Picture.Sample();
        string[] labels = [.. pictures.Select(p => p.Label)];
        byte[][] previews = Network.PreviewAll([.. pictures.Select(p => p.Bytes)]);
        int step = pictures.Count / Altered;
        byte[][][] altered = [.. Distortion.OfSmallPictures.Select(d => Network.PreviewAll([.. Enumerable.Range(0, Altered).Select(i => Alter(d, pictures[i * step]))]))];

        Table table = Tables.Create(["blocks", "resize/crop", "P@10 ITQ", "P@10 PCA", "P@10 random", .. Distortion.OfSmallPictures.Select(d => $"top 1/10, {d.Name}"), "pictures/s"]);
        foreach (string choice in choices)
        {
            int[] numbers = [.. choice.Split(':', '/').Select(int.Parse)];
            using DisposeScope scope = NewDisposeScope();
            using FeatureExtractor extractor = Network.Open(
                numbers[0], ImageNetBackbone.Preprocessing with { Resize = numbers[1], Crop = numbers[2] });
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            Tensor features = Network.Features(extractor, previews, choice);
            double rate = previews.Length / System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
            Signature signature = Signature.Fit(features);
            CodeSet itq = CodeSet.Of(features, Itq.Fit(features, Bits), signature);
            var row = new List<string> { $"{numbers[0]}", $"{numbers[1]}/{numbers[2]}" };
            row.AddRange(((HashLayer[])[Itq.Fit(features, Bits), PcaHashing.Fit(features, Bits), RandomProjection.Fit(features, Bits)])
                .Select(layer => $"{PrecisionAtN.LeaveOneOut(CodeSet.Of(features, layer, signature).Codes, labels, 10):0.000}"));
            foreach (byte[][] set in altered)
            {
                CodeSet queries = CodeSet.Of(extractor.Extract(set, null, CancellationToken.None), Itq.Fit(features, Bits), signature);
                int[] ranks = [.. Enumerable.Range(0, Altered).Select(i => itq.Rank(queries, i, i * step))];
                row.Add($"{ranks.Count(r => r == 1) / (double)Altered:0.0%} / {ranks.Count(r => r <= 10) / (double)Altered:0.0%}");
            }

            table.AddRow([.. row, $"{rate:0}"]);
            Console.WriteLine(string.Join(" | ", row));
        }

        Tables.Show("first-model-choices", table);
        return 0;
    }

    private static byte[] Alter(Distortion distortion, Picture picture)
    {
        using SKBitmap bitmap = Distortion.Decode(picture.Bytes);
        return distortion.Apply(bitmap);
    }
}
