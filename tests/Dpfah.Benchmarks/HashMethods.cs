using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Networks;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Benchmarks;

/// <summary>P@10 on the sample of the hash layers that are fitted without labels, by length of the code.</summary>
internal static class HashMethods
{
    private const int Seeds = 10;

    public static int Run(string[] args)
    {
        IReadOnlyList<Picture> sample = Picture.Sample();
        string[] labels = [.. sample.Select(p => p.Label)];
        using DisposeScope scope = NewDisposeScope();
        using FeatureExtractor extractor = Network.Open(FirstModel.LastStageBlocks, FirstModel.Preprocessing);
        Tensor features = Network.Features(extractor, Network.PreviewAll(sample, p => p.Bytes), "features");
        float[][] rows = [.. HashFitting.Floats(features).Chunk(ResNet18.FeatureLength)];

        Table table = Tables.Create(["bits", "ITQ", "PCA signs", "random projection"]);
        foreach (int bits in (int[])[8, 16, 24, 32, 48, 64, 96, 128, 256])
        {
            table.AddRow(
                $"{bits}",
                Text(seed => Itq.Fit(features, bits, seed: seed)),
                $"{Precision(PcaHashing.Fit(features, bits)):0.000}",
                Text(seed => RandomProjection.Fit(features, bits, seed)));
        }

        Tables.Show("hash-methods", table, $"P@10 by label, leave-one-out, on the sample's 2,000 pictures; mean ± deviation of {Seeds} seeds.");
        return 0;

        double Precision(HashLayer layer) =>
            PrecisionAtN.LeaveOneOut([.. rows.Select(row => BinaryCode.FromSigns(layer.RealCode(row)))], labels, 10);

        string Text(Func<ulong, HashLayer> fit)
        {
            double[] values = [.. Enumerable.Range(0, Seeds).Select(seed => Precision(fit((ulong)seed)))];
            double mean = values.Average();
            return $"{mean:0.000} ± {Math.Sqrt(values.Average(v => (v - mean) * (v - mean))):0.000}";
        }
    }
}
