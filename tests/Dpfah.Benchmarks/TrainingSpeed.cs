using System.Globalization;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;
using Dpfah.Learning.Training;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Benchmarks;

/// <summary>
/// Training step and encoding against PyTorch on the same machine, in turn: the same network, loss, optimizer, threads and setting of
/// malloc. Each measurement is a process of its own, pinned to as many cores as it has threads.
/// </summary>
internal static class TrainingSpeed
{
    private const int Rounds = 3;

    private static readonly (string Verb, int Side, int Batch, int Repeats)[] Cases =
    [
        ("train", 64, 128, 5), ("train", 224, 32, 3), ("encode", 64, 1, 60), ("encode", 64, 32, 10), ("encode", 224, 1, 20), ("encode", 224, 32, 3),
    ];

    public static int Run(string[] args)
    {
        if (args.Length > 0)
        {
            return MeasureHere(args);
        }

        Table table = Tables.Create(["", "threads", "pixels", "batch", "here: pictures/s", "PyTorch: pictures/s", "ratio", "ratio of each round"]);
        foreach ((string verb, int side, int batch, int repeats) in Cases)
        {
            foreach (int threads in new HashSet<int> { 1, Math.Min(2, Environment.ProcessorCount) })
            {
                string[] arguments = [verb, $"{threads}", $"{side}", $"{batch}", $"{repeats}"];
                var ours = new List<double>();
                var theirs = new List<double>();
                for (int round = 0; round < Rounds; round++)
                {
                    ours.Add(PinnedRun.Median(PinnedRun.Seconds(threads, Environment.ProcessPath!, ["training", .. arguments])));
                    theirs.Add(PinnedRun.Median(PinnedRun.Seconds(threads, PinnedRun.Python, [PinnedRun.Peer, .. arguments])));
                }

                double[] ratios = [.. theirs.Zip(ours, (t, o) => t / o)];
                table.AddRow(
                    verb, $"{threads}", $"{side}", $"{batch}", $"{batch / PinnedRun.Median(ours):0}", $"{batch / PinnedRun.Median(theirs):0}",
                    $"{PinnedRun.Median(ratios):0.00}", string.Join(", ", ratios.Select(r => r.ToString("0.00", CultureInfo.InvariantCulture))));
            }
        }

        Tables.Show(
            "training",
            table,
            $"ResNet18 with PFA, 48 bits, 10 classes; train: forward, DPFAH loss against a bank of 5,000, backward, RMSProp; encode: pixels to u. " +
            $"PyTorch {PinnedRun.TorchVersion()} (channels-last; for encoding the faster of it and frozen TorchScript), the same malloc settings. " +
            $"Medians of {Rounds} rounds in turn, each a process pinned to its cores; ratio above 1: faster here.");
        return 0;
    }

    private static int MeasureHere(string[] args)
    {
        int[] numbers = [.. args[1..].Select(a => int.Parse(a, CultureInfo.InvariantCulture))];
        TorchRuntime.Initialize(numbers[0]);
        double[] seconds = args[0] == "train" ? Train(numbers[1], numbers[2], numbers[3]) : Encode(numbers[1], numbers[2], numbers[3]);
        PinnedRun.Tell(seconds);
        return 0;
    }

    private static double[] Train(int side, int batch, int repeats)
    {
        using DisposeScope scope = NewDisposeScope();
        const int classes = 10;
        const int pictures = 5000;
        using var network = new DpfahNetwork(new ResNet18(attention: true), 48, classes);
        ChannelsLast.Apply(network);
        using var optimizer = new RmsProp(network.named_parameters().Select(p => (p.name, p.parameter as Tensor)), 5e-5, 1e-5);
        using HashingLoss loss = HashingMethod.Named("dpfah").CreateLoss(new LossShape(pictures, 48, classes, false, CPU));
        Tensor x = ChannelsLast.Of(randn(batch, 3, side, side));
        Tensor indices = arange(batch, ScalarType.Int64);
        Tensor y = nn.functional.one_hot(indices.remainder(classes), classes).to_type(ScalarType.Float32);
        network.train();
        return PinnedRun.Timed(repeats, () => Trainer.Step(network, loss, optimizer, x, y, indices));
    }

    private static double[] Encode(int side, int batch, int repeats)
    {
        using DisposeScope scope = NewDisposeScope();
        using var network = new ResNet18(attention: true);
        using var backbone = new InferenceBackbone(network, CPU);
        Tensor x = randn(batch, 3, side, side);
        var random = new Random(1);
        var layer = new Dpfah.Learning.Hashing.HashLayer(
            [.. Enumerable.Range(0, 48 * 512).Select(_ => (float)random.NextDouble() - 0.5f)], new float[48]);
        return PinnedRun.Timed(repeats, () =>
        {
            using Tensor features = backbone.Features(x);
            foreach (float[] feature in features.data<float>().ToArray().Chunk(512))
            {
                _ = layer.RealCode(feature);
            }
        });
    }
}
