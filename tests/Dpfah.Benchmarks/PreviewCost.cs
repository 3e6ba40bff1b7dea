using System.Diagnostics;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using Spectre.Console;
using static TorchSharp.torch;

namespace Dpfah.Benchmarks;

/// <summary>What it costs, in time and in retrieval, that every code is computed from a JPEG preview and not from the picture's own pixels.</summary>
internal static class PreviewCost
{
    public static int Run(string[] folders)
    {
        Table table = Tables.Create(
            ["pictures", "preview kB", "make preview ms", "read preview ms", "read original ms", "P@10 preview", "P@10 original", "P@10 original queries on previews", "bits that differ"]);
        ModelHead head = ModelHead.Read(FirstEncoder.Files.HeadPath);
        var input = new NetworkInput(Network.Decoder, FirstModel.Preprocessing);
        using ResNet18 network = BackboneFile.Load(FirstEncoder.Files.BackbonePath, attention: false);
        using var extractor = new FeatureExtractor(new InferenceBackbone(network, CPU), input, CPU);

        foreach ((string name, IReadOnlyList<Picture> pictures) in folders.Select(f => (Path.GetFileName(f), Picture.Photos(f))).Prepend(("sample", Picture.Sample())))
        {
            byte[][] previews = [];
            double make = Milliseconds(pictures.Count, () => previews = [.. pictures.Select(p => Network.Preview(p.Bytes))]);
            var fromPreview = new BinaryCode[pictures.Count];
            var fromOriginal = new BinaryCode[pictures.Count];
            var buffer = new float[input.Length];
            double readPreview = Milliseconds(pictures.Count, () => Array.ForEach(previews, preview => input.Write(preview, buffer)));
            double readOriginal = Milliseconds(pictures.Count, () => Array.ForEach([.. pictures], picture => input.Write(Decode(picture.Bytes), buffer)));
            for (int i = 0; i < pictures.Count; i++)
            {
                input.Write(previews[i], buffer);
                fromPreview[i] = Encode(extractor, head, buffer);
                input.Write(Decode(pictures[i].Bytes), buffer);
                fromOriginal[i] = Encode(extractor, head, buffer);
            }

            string[] labels = [.. pictures.Select(p => p.Label)];
            double differing = fromPreview.Zip(fromOriginal).Average(pair => pair.First.HammingDistance(pair.Second)) / head.HashLayer.Bits;
            table.AddRow(
                $"{name} ({pictures.Count})",
                $"{previews.Average(p => p.Length) / 1000:0.0}",
                $"{make:0.00}",
                $"{readPreview:0.00}",
                $"{readOriginal:0.00}",
                $"{PrecisionAtN.LeaveOneOut(fromPreview, labels, 10):0.000}",
                $"{PrecisionAtN.LeaveOneOut(fromOriginal, labels, 10):0.000}",
                $"{CrossPrecision(fromOriginal, fromPreview, labels):0.000}",
                $"{differing:0.00%}");
        }

        Tables.Show("preview-cost", table, "Times a picture on one thread; P@10 by label, leave-one-out, 64 bits.");
        return 0;
    }

    /// <summary>P@10 of queries from original pixels against the codes of the other pictures' previews.</summary>
    private static double CrossPrecision(BinaryCode[] queries, BinaryCode[] database, string[] labels) => Enumerable.Range(0, queries.Length)
        .Average(i => HammingRanking.Order(queries[i], database).Where(j => j != i).Take(10).Count(j => labels[i] == labels[j]) / 10.0);

    private static BinaryCode Encode(FeatureExtractor extractor, ModelHead head, float[] input) => BinaryCode.FromSigns(head.HashLayer.RealCode(extractor.Run([input])));

    private static RgbImage Decode(byte[] file)
    {
        ImageHeader header = ImageHeader.Read(file)!;
        return Network.Decoder.Decode(file, header, int.MaxValue).Orient(header.Orientation);
    }

    private static double Milliseconds(int count, Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / count;
    }
}
