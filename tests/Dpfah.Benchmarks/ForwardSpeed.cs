using System.Globalization;
using System.Runtime.Intrinsics;
using Dpfah.Learning.Inference;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;
using Microsoft.ML.OnnxRuntime;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Benchmarks;

/// <summary>
/// The network alone, from pixels to features: the service's kernels, the same weights in libtorch and in ONNX Runtime, and PyTorch's
/// best. Each measurement is a process of its own, pinned to as many cores as it has threads; the sides take turns.
/// </summary>
internal static class ForwardSpeed
{
    private static readonly string[] Sides = ["here", "libtorch", "ONNX Runtime", "PyTorch", "bf16"];

    public static int Run(string[] args)
    {
        if (args is ["measure", ..])
        {
            PinnedRun.Tell(Measure(args[1], [.. args[2..].Select(a => int.Parse(a, CultureInfo.InvariantCulture))]));
            return 0;
        }

        NamedOptions? options = NamedOptions.Read(
            args, new Dictionary<string, string> { ["sides"] = "224,128,64", ["batches"] = "1,8,32", ["threads"] = "1,2", ["rounds"] = "5" });
        if (options is null)
        {
            return 1;
        }

        Table table = Tables.Create(
            ["threads", "pixels", "batch", .. Sides.Select(side => $"{side}: pictures/s"), "/ PyTorch", "/ ONNX Runtime", "/ libtorch", "bf16 / PyTorch", "of the peak", "GFLOP/s peak"]);
        foreach (int threads in options.Numbers("threads").Where(t => t <= PinnedRun.Cores.Length))
        {
            foreach (int pixels in options.Numbers("sides"))
            {
                foreach (int batch in options.Numbers("batches"))
                {
                    table.AddRow(Row(threads, pixels, batch, options.Number("rounds")));
                }
            }
        }

        Tables.Show(
            "forward",
            table,
            $"ResNet18 with PFA, pixels to feature, fp32. ONNX Runtime {OrtEnv.Instance().GetVersionString()}: the same folded weights and attention. PyTorch {PinnedRun.TorchVersion()}: channels-last or frozen " +
            $"TorchScript, the faster; batch norm folded by the latter. libtorch: the path of version 1, channels-last, folded. bf16: this service's other precision, by libtorch, {(NetworkPrecisions.HasInstructions ? "for which this processor has instructions" : "not measured: this processor has no instructions for it and emulates it")}. The same malloc settings. Medians of {options["rounds"]} rounds in turn, each a process pinned to its cores; ratios are medians of the " +
            "rounds', above 1: faster here, lowest and highest in brackets. Peak: multiply-adds of 12 independent sums in registers, in each round; of the peak: (operations left after Winograd / time) / peak. " +
            $"Commit {PinnedRun.Output("git", ["rev-parse", "--short", "HEAD"]).Trim()}.\n\n{Operations(options.Numbers("sides"))}");
        return 0;
    }

    private static string[] Row(int threads, int pixels, int batch, int rounds)
    {
        double[][] seconds = [.. Sides.Select(_ => new double[rounds])];
        var peaks = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            for (int side = 0; side < (NetworkPrecisions.HasInstructions ? Sides.Length : Sides.Length - 1); side++)
            {
                seconds[side][round] = PinnedRun.Median(Sides[side] == "PyTorch"
                    ? PinnedRun.Seconds(threads, PinnedRun.Python, [PinnedRun.Peer, "encode", $"{threads}", $"{pixels}", $"{batch}", $"{Repeats(pixels, batch)}"])
                    : Child(threads, Sides[side], threads, pixels, batch));
            }

            peaks[round] = threads * 1 / Child(1, "peak", 1).Min();
        }

        double peak = PinnedRun.Median(peaks);
        double operations = 2e-9 * batch * Layers(pixels).Sum(layer => layer.Multiplications);
        return
        [
            $"{threads}", $"{pixels}", $"{batch}", .. seconds.Select(s => s[0] == 0 ? "" : $"{batch / PinnedRun.Median(s):0.0}"),
            Ratio(seconds[3], seconds[0]), Ratio(seconds[2], seconds[0]), Ratio(seconds[1], seconds[0]), seconds[4][0] == 0 ? "" : Ratio(seconds[3], seconds[4]),
            $"{operations / PinnedRun.Median(seconds[0]) / peak:0%}", $"{peak:0}",
        ];
    }

    private static double[] Child(int cores, string what, params int[] numbers) => PinnedRun.Seconds(
        cores, Environment.ProcessPath!, ["forward", "measure", what, .. numbers.Select(n => n.ToString(CultureInfo.InvariantCulture))]);

    private static string Ratio(double[] theirs, double[] ours)
    {
        double[] ratios = [.. theirs.Zip(ours, (t, o) => t / o).Order()];
        return $"{ratios[ratios.Length / 2]:0.00} ({ratios[0]:0.00}-{ratios[^1]:0.00})";
    }

    // About a second a measurement where nothing else runs.
    private static int Repeats(int pixels, int batch) => (int)Math.Clamp(32.0 / batch * (224 * 224) / (pixels * pixels), 3, 300);

    private static double[] Measure(string what, int[] numbers)
    {
        if (what == "peak")
        {
            float sum = 0;
            double[] seconds = PinnedRun.Timed(20, () => sum += MultiplyAdds());
            GC.KeepAlive(sum);
            return seconds;
        }

        (int threads, int pixels, int batch) = (numbers[0], numbers[1], numbers[2]);
        TorchRuntime.Initialize(threads);
        using IDisposable inference = inference_mode(true);
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using var network = new ResNet18(attention: true);
        network.eval();
        Tensor x = randn(batch, 3, pixels, pixels);
        int repeats = Repeats(pixels, batch);
        switch (what)
        {
            case "here":
                using (var backbone = new InferenceBackbone(network, CPU))
                {
                    return PinnedRun.Timed(repeats, () => backbone.Features(x).Dispose());
                }

            case "bf16":
                using (var backbone = new InferenceBackbone(network, CPU, NetworkPrecision.BFloat16))
                {
                    return PinnedRun.Timed(repeats, () => backbone.Features(x).Dispose());
                }

            case "libtorch":
                using (var backbone = new TorchBackbone(network, CPU))
                {
                    return PinnedRun.Timed(repeats, () => backbone.Features(x).Dispose());
                }

            default:
                using (var session = new InferenceSession(OnnxBackbone.Write(InferenceBackbone.Weights(network)), Options(threads)))
                using (OrtValue images = OrtValue.CreateTensorValueFromMemory(x.data<float>().ToArray(), [batch, 3, pixels, pixels]))
                using (var run = new RunOptions())
                using (Tensor ours = Features(network, x))
                {
                    float[] theirs = Output(session, run, images);
                    double distance = ours.data<float>().ToArray().Zip(theirs, (a, b) => Math.Abs(a - b)).Max() / theirs.Max();
                    return distance < 1e-4
                        ? PinnedRun.Timed(repeats, () => Output(session, run, images))
                        : throw new InvalidOperationException($"ONNX Runtime computes another network: a feature differs by {distance} of the largest.");
                }
        }
    }

    private static Tensor Features(ResNet18 network, Tensor x)
    {
        using var backbone = new InferenceBackbone(network, CPU);
        return backbone.Features(x);
    }

    private static float[] Output(InferenceSession session, RunOptions run, OrtValue images)
    {
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["images"], [images], ["features"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static SessionOptions Options(int threads) => new()
    {
        IntraOpNumThreads = threads,
        GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
    };

    /// <summary>10⁹ operations of multiply-adds, two each, on one core: what its registers can do without memory.</summary>
    private static float MultiplyAdds()
    {
        if (Vector512.IsHardwareAccelerated)
        {
            const int steps = 1_000_000_000 / (12 * 32);
            Vector512<float> a = Vector512<float>.One, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
            Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(0.001f);
            for (int step = 0; step < steps; step++)
            {
                (a, b, c) = (Vector512.FusedMultiplyAdd(a, x, y), Vector512.FusedMultiplyAdd(b, x, y), Vector512.FusedMultiplyAdd(c, x, y));
                (d, e, f) = (Vector512.FusedMultiplyAdd(d, x, y), Vector512.FusedMultiplyAdd(e, x, y), Vector512.FusedMultiplyAdd(f, x, y));
                (g, h, i) = (Vector512.FusedMultiplyAdd(g, x, y), Vector512.FusedMultiplyAdd(h, x, y), Vector512.FusedMultiplyAdd(i, x, y));
                (j, k, l) = (Vector512.FusedMultiplyAdd(j, x, y), Vector512.FusedMultiplyAdd(k, x, y), Vector512.FusedMultiplyAdd(l, x, y));
            }

            return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
        }
        else
        {
            const int steps = 1_000_000_000 / (12 * 16);
            Vector256<float> a = Vector256<float>.One, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
            Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(0.001f);
            for (int step = 0; step < steps; step++)
            {
                (a, b, c) = (Vector256.FusedMultiplyAdd(a, x, y), Vector256.FusedMultiplyAdd(b, x, y), Vector256.FusedMultiplyAdd(c, x, y));
                (d, e, f) = (Vector256.FusedMultiplyAdd(d, x, y), Vector256.FusedMultiplyAdd(e, x, y), Vector256.FusedMultiplyAdd(f, x, y));
                (g, h, i) = (Vector256.FusedMultiplyAdd(g, x, y), Vector256.FusedMultiplyAdd(h, x, y), Vector256.FusedMultiplyAdd(i, x, y));
                (j, k, l) = (Vector256.FusedMultiplyAdd(j, x, y), Vector256.FusedMultiplyAdd(k, x, y), Vector256.FusedMultiplyAdd(l, x, y));
            }

            return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
        }
    }

    /// <summary>Each layer's multiplications a picture, as a Markdown table.</summary>
    private static string Operations(int[] sides)
    {
        var lines = new List<string>();
        foreach (int side in sides)
        {
            var layers = Layers(side);
            lines.Add(
                $"Multiplications of a picture of {side} pixels, in millions, by the window → as computed: " +
                string.Join(", ", layers.GroupBy(l => l.Name).Select(g => $"{g.Key} {g.Count()} x {g.First().Window / 1e6:0.0} → {g.First().Multiplications / 1e6:0.0}")) +
                $"; in all {layers.Sum(l => l.Window) / 1e6:0} → {layers.Sum(l => l.Multiplications) / 1e6:0}. Weights read for a lone picture: {layers.Sum(l => l.Weights) * 4e-6:0} MB.");
        }

        return string.Join("\n\n", lines);
    }

    private static List<(string Name, long Window, long Multiplications, long Weights)> Layers(int side)
    {
        using var network = new ResNet18(attention: true);
        NetworkWeights weights = InferenceBackbone.Weights(network);
        int half = (side + 1) / 2, rows = Stem.PooledSide(side);
        var layers = new List<(string, long, long, long)>();
        Add(weights.Stem, half, "direct", 1, weights.Stem.Values.Length);
        foreach (BlockWeights block in weights.Blocks)
        {
            rows = (rows + block.First.Stride - 1) / block.First.Stride;
            foreach (ConvolutionWeights? shape in (ConvolutionWeights?[])[block.First, block.Second, block.Shortcut])
            {
                switch (shape is null ? null : NetworkPlan.Choose(shape, rows, rows, new PointBuffers()))
                {
                    case MinimalConvolution<MinimalFilter4>:
                        Minimal<MinimalFilter4>(shape!);
                        break;
                    case MinimalConvolution<MinimalFilter2>:
                        Minimal<MinimalFilter2>(shape!);
                        break;
                    case DirectConvolution:
                        Add(shape!, rows, "direct", 1, shape!.Values.Length);
                        break;
                }
            }
        }

        return layers;

        void Minimal<TFilter>(ConvolutionWeights shape)
            where TFilter : struct, IMinimalFilter
        {
            int tiles = (rows + TFilter.Outputs - 1) / TFilter.Outputs, points = TFilter.Inputs * TFilter.Inputs;
            Add(shape, rows, $"F({TFilter.Outputs}x{TFilter.Outputs})", (double)tiles * tiles * points / (9.0 * rows * rows), shape.Values.Length / 9L * points);
        }

        void Add(ConvolutionWeights shape, int side, string way, double share, long read)
        {
            long window = (long)side * side * shape.Values.Length;
            layers.Add(($"{shape.Inputs}-{shape.Outputs} {shape.Side}x{shape.Side}/{shape.Stride} at {side} {way}", window, (long)(window * share), read));
        }
    }
}
