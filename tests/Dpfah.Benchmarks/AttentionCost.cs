using System.Diagnostics;
using Dpfah.Learning.Networks;
using Spectre.Console;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Dpfah.Benchmarks;

/// <summary>What the parameter-free attention costs at its place, after the max pool, against none, SE and CBAM at the same place.</summary>
internal static class AttentionCost
{
    private const int Channels = 64;
    private const int Repeats = 31;

    public static int Run(string[] args)
    {
        using DisposeScope scope = NewDisposeScope();
        (string Name, Func<nn.Module<Tensor, Tensor>?> Create)[] modules =
        [
            ("none", () => null), ("PFA", () => new ParameterFreeAttention()), ("SE", () => new SqueezeExcitation(Channels)), ("CBAM", () => new Cbam(Channels)),
        ];
        Table table = Tables.Create(["module", "added parameters", "pixels", "forward ms (batch 1)", "forward ms (batch 32)", "training step ms (batch 32)"]);
        foreach (int side in (int[])[64, 224])
        {
            nn.Module<Tensor, Tensor>?[] instances = [.. modules.Select(m => m.Create())];
            double[][] cells = Measure(instances, side / 4);
            for (int i = 0; i < modules.Length; i++)
            {
                long parameters = instances[i]?.parameters().Sum(p => p.NumberOfElements) ?? 0;
                table.AddRow([modules[i].Name, $"{parameters:N0}", $"{side}", .. cells[i].Select(ms => $"{ms:0.000}")]);
                instances[i]?.Dispose();
            }
        }

        Tables.Show(
            "attention-cost",
            table,
            $"The module and the sum with its input alone, on maps of {Channels} channels and a quarter of the picture's side, one thread; " +
            $"medians of {Repeats} in turn. A training step is forward and backward. SE with reduction 16, CBAM with reduction 16 and a 7 x 7 filter.");
        return 0;
    }

    private static double[][] Measure(nn.Module<Tensor, Tensor>?[] modules, int side)
    {
        set_num_threads(1);
        Tensor one = randn(1, Channels, side, side).relu();
        Tensor many = randn(32, Channels, side, side).relu();
        Tensor trained = randn(32, Channels, side, side).relu().requires_grad_();
        Action<nn.Module<Tensor, Tensor>?>[] actions = [m => Forward(m, one), m => Forward(m, many), m => Step(m, trained)];
        double[][] cells = [.. modules.Select(_ => new double[actions.Length])];
        for (int a = 0; a < actions.Length; a++)
        {
            List<double>[] times = [.. modules.Select(_ => new List<double>())];
            for (int repeat = -3; repeat < Repeats; repeat++)
            {
                for (int m = 0; m < modules.Length; m++)
                {
                    long start = Stopwatch.GetTimestamp();
                    actions[a](modules[m]);
                    if (repeat >= 0)
                    {
                        times[m].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                    }
                }
            }

            for (int m = 0; m < modules.Length; m++)
            {
                cells[m][a] = times[m].Order().ElementAt(Repeats / 2);
            }
        }

        return cells;
    }

    private static void Forward(nn.Module<Tensor, Tensor>? module, Tensor x)
    {
        using IDisposable inference = inference_mode(true);
        using DisposeScope scope = NewDisposeScope();
        _ = module is null ? x.alias() : x + module.call(x);
    }

    private static void Step(nn.Module<Tensor, Tensor>? module, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        (module is null ? x.alias() : x + module.call(x)).sum().backward();
        x.grad = null;
    }

    /// <summary>Squeeze and excitation (Hu, Shen, Sun, CVPR 2018).</summary>
    private sealed class SqueezeExcitation : nn.Module<Tensor, Tensor>
    {
        private readonly Sequential gate;

        public SqueezeExcitation(int channels, int reduction = 16)
            : base("se")
        {
            gate = nn.Sequential(
                ("0", nn.Linear(channels, channels / reduction)), ("1", nn.ReLU()), ("2", nn.Linear(channels / reduction, channels)), ("3", nn.Sigmoid()));
            RegisterComponents();
        }

        public override Tensor forward(Tensor x) => x * gate.call(x.mean([2, 3])).unsqueeze(-1).unsqueeze(-1);
    }

    /// <summary>Convolutional block attention: channels, then places (Woo et al., ECCV 2018).</summary>
    private sealed class Cbam : nn.Module<Tensor, Tensor>
    {
        private readonly Sequential channel;
        private readonly Conv2d place;

        public Cbam(int channels, int reduction = 16)
            : base("cbam")
        {
            channel = nn.Sequential(
                ("0", nn.Linear(channels, channels / reduction)), ("1", nn.ReLU()), ("2", nn.Linear(channels / reduction, channels)));
            place = nn.Conv2d(2, 1, 7, padding: 3, bias: false);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            Tensor gate = (channel.call(x.mean([2, 3])) + channel.call(x.amax([2, 3]))).sigmoid();
            x = x * gate.unsqueeze(-1).unsqueeze(-1);
            return x * place.call(cat([x.mean([1], keepdim: true), x.amax([1], keepdim: true)], 1)).sigmoid();
        }
    }
}
