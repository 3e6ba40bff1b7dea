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

/// <summary>
/// What it costs, in time and in retrieval, that every code is computed from a JPEG preview and not from the picture's own pixels.
/// </summary>
internal static class PreviewCost
{
    public static int Run(string[] folders)
    {
        ModelHead head = ModelHead.Read(FirstEncoder.Files.HeadPath);
        var input = new NetworkInput(Network.Decoder, FirstModel.Preprocessing);
        using ResNet18 network = BackboneFile.Load(FirstEncoder.Files.BackbonePath, attention: false);
        using var extractor = new FeatureExtractor(new InferenceBackbone(network, CPU), input);

        Table table = Tables.Create(
        [
            "pictures", "preview kB", "ms to make it", "ms to read it", "ms to read the original", "bits that differ",
            "P@10 previews", "P@10 originals", "P@10 originals in previews",
        ]);
        table.AddRow(Measure("sample", Picture.Sample(), input, extractor, head));
        foreach (string folder in folders)
        {
            table.AddRow(Measure(Path.GetFileName(folder.TrimEnd('/')), Picture.Photos(folder), input, extractor, head));
        }

        Tables.Show(
            "preview-cost",
            table,
            "Times: a picture, on one thread; reading ends at the network's input. P@10 by label, leave-one-out, 64 bits.");
        return 0;
    }

    private static string[] Measure(
        string name, IReadOnlyList<Picture> pictures, NetworkInput input, FeatureExtractor extractor, ModelHead head)
    {
        var previews = new byte[pictures.Count][];
        var fromPreviews = new BinaryCode[pictures.Count];
        var fromOriginals = new BinaryCode[pictures.Count];
        var buffer = new float[input.Length];
        var make = new Stopwatch();
        var readPreview = new Stopwatch();
        var readOriginal = new Stopwatch();
        for (int i = 0; i < previews.Length; i++)
        {
            make.Start();
            previews[i] = Network.Preview(pictures[i].Bytes);
            make.Stop();
            readPreview.Start();
            input.Write(previews[i], buffer);
            readPreview.Stop();
            fromPreviews[i] = Encode(buffer);
            readOriginal.Start();
            input.Write(Decode(pictures[i].Bytes), buffer);
            readOriginal.Stop();
            fromOriginals[i] = Encode(buffer);
        }

        string[] labels = [.. pictures.Select(p => p.Label)];
        double differing = fromPreviews.Zip(fromOriginals).Average(pair => pair.First.HammingDistance(pair.Second)) / head.HashLayer.Bits;
        return
        [
            $"{name} ({previews.Length})", $"{previews.Average(p => p.Length) / 1000:0.0}",
            Milliseconds(make), Milliseconds(readPreview), Milliseconds(readOriginal), $"{differing:0.00%}",
            $"{PrecisionAtN.LeaveOneOut(fromPreviews, labels, 10):0.000}",
            $"{PrecisionAtN.LeaveOneOut(fromOriginals, labels, 10):0.000}",
            $"{CrossPrecision(fromOriginals, fromPreviews, labels):0.000}",
        ];

        BinaryCode Encode(float[] pixels) => BinaryCode.FromSigns(head.HashLayer.RealCode(extractor.Run([pixels])));

        string Milliseconds(Stopwatch watch) => $"{watch.Elapsed.TotalMilliseconds / previews.Length:0.00}";
    }

    /// <summary>P@10 of queries from original pixels against the previews of the other pictures.</summary>
    private static double CrossPrecision(BinaryCode[] queries, BinaryCode[] database, string[] labels) =>
        Enumerable.Range(0, queries.Length).Average(i => HammingRanking.Order(queries[i], database)
            .Where(j => j != i).Take(10).Count(j => labels[i] == labels[j]) / 10.0);

    private static RgbImage Decode(byte[] file)
    {
        ImageHeader header = ImageHeader.Read(file)!;
        return Network.Decoder.Decode(file, header, int.MaxValue).Orient(header.Orientation);
    }
}
