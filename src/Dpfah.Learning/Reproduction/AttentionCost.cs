using System.Diagnostics;
using Dpfah.Learning.Networks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Dpfah.Learning.Reproduction;

/// <summary>What an attention module costs at its place after the max pool: the module and the sum with its input, on one thread.</summary>
/// <param name="Module">none, PFA, SE or CBAM.</param>
/// <param name="Parameters">Numbers that it adds to the network.</param>
/// <param name="Side">Side of the picture in pixels; the maps have a quarter of it.</param>
/// <param name="ForwardOne">Milliseconds for one picture.</param>
/// <param name="ForwardBatch">Milliseconds for 32 pictures.</param>
/// <param name="StepBatch">Milliseconds forward and backward for 32 pictures.</param>
internal sealed record AttentionCost(string Module, long Parameters, int Side, double ForwardOne, double ForwardBatch, double StepBatch)
{
    /// <summary>How often each is timed, in turn with the others; the median counts.</summary>
    public const int Repeats = 31;

    private const int Channels = 64;

    /// <summary>Times the modules at 64 and 224 pixels.</summary>
    public static IReadOnlyList<AttentionCost> Measure()
    {
        using DisposeScope scope = NewDisposeScope();
        (string Name, Func<nn.Module<Tensor, Tensor>?> Create)[] modules =
        [
            ("none", () => null), ("PFA", () => new ParameterFreeAttention()), ("SE", () => new SqueezeExcitation(Channels)), ("CBAM", () => new Cbam(Channels)),
        ];
        var costs = new List<AttentionCost>();
        int threads = get_num_threads();
        set_num_threads(1);
        foreach (int side in (int[])[64, 224])
        {
            nn.Module<Tensor, Tensor>?[] instances = [.. modules.Select(m => m.Create())];
            double[][] cells = Measure(instances, side / 4);
            for (int i = 0; i < modules.Length; i++)
            {
                long parameters = instances[i]?.parameters().Sum(p => p.NumberOfElements) ?? 0;
                costs.Add(new AttentionCost(modules[i].Name, parameters, side, Round(cells[i][0]), Round(cells[i][1]), Round(cells[i][2])));
                instances[i]?.Dispose();
            }
        }

        set_num_threads(threads);
        return costs;

        static double Round(double ms) => Math.Round(ms, 3);
    }

    private static double[][] Measure(nn.Module<Tensor, Tensor>?[] modules, int side)
    {
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
        _ = module is null ? x.alias() : x.Plus(module.call(x));
    }

    private static void Step(nn.Module<Tensor, Tensor>? module, Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        (module is null ? x.alias() : x.Plus(module.call(x))).sum().backward();
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
            Tensor gate = channel.call(x.mean([2, 3])).Plus(channel.call(x.amax([2, 3]))).sigmoid();
            x = x * gate.unsqueeze(-1).unsqueeze(-1);
            return x * place.call(cat([x.mean([1], keepdim: true), x.amax([1], keepdim: true)], 1)).sigmoid();
        }
    }
}
