using System.Globalization;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Core.Models;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Benchmarks;

/// <summary>What rounding in another order changes: codes of the sample by the service's kernels, by libtorch and in double precision.</summary>
internal static class ForwardCodes
{
    private const int Batch = 32;

    public static int Run(string[] args)
    {
        SamplePicture[] pictures = [.. FashionSample.ReadDatabase()];
        Table table = Tables.Create(["model", "pictures", "pixels", "codes of", "flipped bits against double precision", "codes that differ", "mAP, leave one out"]);
        Measure(table, "demo", FashionModel.Files, pictures);

        // Of 128 pixels: a fourth of the pictures takes as long.
        Measure(table, "first", FirstEncoder.Files, [.. pictures.Where((_, i) => i % 4 == 0)]);
        Tables.Show("forward-codes", table, $"Pictures of the sample, by way of their previews. Double precision: the network as it was trained, nothing folded.");
        return 0;
    }

    private static void Measure(Table table, string name, ModelFiles files, SamplePicture[] pictures)
    {
        string[] labels = [.. pictures.Select(p => p.Label)];
        byte[][] previews = Network.PreviewAll(pictures, p => p.Bytes);
        ModelHead head = ModelHead.Read(files.HeadPath);
        var input = new NetworkInput(Network.Decoder, head.Description.Preprocessing);
        using ResNet18 network = BackboneFile.Load(files.BackbonePath, head.Description.Backbone.Attention);
        using var here = new InferenceBackbone(network, CPU);
        using var torch = new TorchBackbone(network, CPU);
        using var half = new InferenceBackbone(network, CPU, NetworkPrecision.BFloat16);
        using ResNet18 wide = BackboneFile.Load(files.BackbonePath, head.Description.Backbone.Attention);
        wide.to(ScalarType.Float64);
        BinaryCode[] expected = Codes(x => wide.call(x.to_type(ScalarType.Float64)));
        foreach ((string side, BinaryCode[] codes) in (IEnumerable<(string, BinaryCode[])>)
            [("double precision", expected), ("this service", Codes(here.Features)), ("libtorch", Codes(torch.Features)), ("bf16", Codes(half.Features))])
        {
            int flipped = codes.Zip(expected, (a, b) => a.HammingDistance(b)).Sum();
            table.AddRow(
                name, $"{pictures.Length}", $"{input.Side}", side, $"{(double)flipped / (codes.Length * codes[0].Bits):0.0e+0} ({flipped})",
                $"{codes.Zip(expected).Count(pair => !pair.First.Equals(pair.Second))}",
                LeaveOneOut.Run(codes, labels, 10).Map.ToString("0.000000", CultureInfo.InvariantCulture));
        }

        BinaryCode[] Codes(Func<Tensor, Tensor> features)
        {
            using IDisposable inference = inference_mode(true);
            var codes = new List<BinaryCode>();
            foreach (byte[][] batch in previews.Chunk(Batch))
            {
                using DisposeScope scope = NewDisposeScope();
                var values = new float[batch.Length][];
                Parallel.For(0, batch.Length, i => input.Write(batch[i], values[i] = new float[input.Length]));
                Tensor x = tensor(values.SelectMany(v => v).ToArray(), [batch.Length, 3, input.Side, input.Side]);
                codes.AddRange(HashFitting.Floats(features(x)).Chunk(ResNet18.FeatureLength)
                    .Select(phi => BinaryCode.FromSigns(head.HashLayer.RealCode(phi))));
            }

            return [.. codes];
        }
    }
}
