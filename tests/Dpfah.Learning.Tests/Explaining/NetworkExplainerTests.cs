using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Learning.Explaining;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Networks;
using Dpfah.Learning.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Explaining;

/// <summary>Explanations of the folded network against automatic differentiation of the plain one.</summary>
public sealed class NetworkExplainerTests : IDisposable
{
    private const int Bits = 16;

    private readonly DisposeScope scope = NewDisposeScope();
    private readonly HashLayer layer;

    public NetworkExplainerTests()
    {
        using Generator generator = new Generator().manual_seed(5);
        layer = new HashLayer(
            HashFitting.Floats(randn([Bits, ResNet18.FeatureLength], generator: generator)), HashFitting.Floats(randn([Bits], generator: generator)));
    }

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(true, 2, 224, 1, 7)]
    [InlineData(false, 3, 224, 1, 7)]
    [InlineData(true, 3, 128, 2, 8)]
    [InlineData(true, 2, 64, 4, 8)]
    [InlineData(false, 2, 100, 2, 7)]
    public void Maps_weigh_the_channels_by_the_gradient_of_the_plain_network(bool attention, int blocks, int side, int samples, int places)
    {
        using ResNet18 network = InferenceBackboneTests.Network(attention, blocks);
        using var backbone = new InferenceBackbone(network, CPU);
        Tensor image = Image(side);
        Tensor weight = tensor(layer.Weight.ToArray(), [Bits, ResNet18.FeatureLength]), bias = tensor(layer.Bias.ToArray());
        HeatMapTarget[] targets = Targets(layer.RealCode(HashFitting.Floats(backbone.Features(image))));

        IReadOnlyList<HeatMap> drawn = Explainer(backbone, side).Explain(Picture(image, side), targets);

        Assert.Equal(samples, NetworkExplainer.SamplesFor(side));
        Tensor[] maps = PlainMaps(network, image, samples);
        Assert.All(targets.Zip(drawn), pair =>
        {
            Tensor signs = tensor(pair.First.BitWeights!.ToArray());
            Tensor slopes = GradCam.Slopes(maps[0], a => (nn.functional.linear(a.mean([2, 3]), weight, bias)[0] * signs).sum());
            Tensor channels = slopes.mean([2, 3], keepdim: true).relu();                                // (1, 512, 1, 1)
            Tensor[] sums = [.. maps.Select(map => (channels * map).sum(1)[0])];                        // samples² of (p, p)
            var expected = new float[places, places];
            for (int y = 0; y < places; y++)
            {
                for (int x = 0; x < places; x++)
                {
                    expected[y, x] = sums[((y % samples) * samples) + (x % samples)][y / samples, x / samples].item<float>();
                }
            }

            float[] values = [.. expected.Cast<float>()];
            Assert.Equal((places, places), (pair.Second.Width, pair.Second.Height));
            Assert.Equal((0, 1), (pair.Second.Values.Min(), pair.Second.Values.Max()));
            Assert.All(values.Zip(pair.Second.Values), value =>
                Assert.Equal((value.First - values.Min()) / (values.Max() - values.Min()), value.Second, 5e-3f));
        });
    }

    [Fact]
    public void The_gradient_is_the_closed_form()
    {
        using ResNet18 network = InferenceBackboneTests.Network(attention: true, blocks: 2);
        using var backbone = new InferenceBackbone(network, CPU);
        using var plain = new DpfahNetwork(network, Bits, classes: 2);
        using (no_grad())
        {
            plain.HashLayer.weight.copy_(tensor(layer.Weight.ToArray(), [Bits, ResNet18.FeatureLength]));
        }

        NetworkExplainer explainer = Explainer(backbone, 224);
        foreach (HeatMapTarget target in Targets(layer.RealCode(new float[ResNet18.FeatureLength])))
        {
            Tensor signs = tensor(target.BitWeights!.ToArray());
            Tensor slopes = GradCam.Slopes(rand(1, ResNet18.FeatureLength, 7, 7), a => plain.HashLayer.call(a.mean([2, 3]))[0].dot(signs));

            float[] direction = explainer.Direction(target.BitWeights!);
            Tensor expected = (tensor(direction) / 49f).view(1, -1, 1, 1).expand(1, -1, 7, 7);          // (Wᵀw)_k / M at every place
            Assert.True((slopes - expected).abs().max().item<float>() <= 1e-6f * direction.Max(Math.Abs));
        }
    }

    [Fact]
    public void The_attention_s_map_is_the_mean_of_its_weights_stretched()
    {
        using ResNet18 network = InferenceBackboneTests.Network(attention: true, blocks: 2);
        using var backbone = new InferenceBackbone(network, CPU);
        using var attention = new ParameterFreeAttention();
        Tensor image = Image(64), x = zeros(0);
        using (no_grad())
        {
            _ = network.FeatureMaps(image, (name, output) => x = name == "maxpool" ? output.clone().MoveToOtherDisposeScope(scope) : x);
        }

        HeatMap map = Explainer(backbone, 64).Explain(Picture(image, 64), [HeatMapTarget.Attention])[0];

        Tensor weights = (attention.call(x) / x).nan_to_num(0);                                         // A / X: σ(1/E) where X is not 0
        Assert.Equal(x.ne(0).sum().item<long>(), weights.gt(0.62).logical_and(weights.lt(1.0001)).sum().item<long>());
        Tensor mean = attention.Weights(x).mean([1])[0];
        Tensor expected = (mean - mean.min()) / (mean.max() - mean.min());
        Assert.Equal((16, 16), (map.Width, map.Height));
        Assert.All(HashFitting.Floats(expected).Zip(map.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
    }

    [Fact]
    public void What_does_not_fit_the_network_is_refused()
    {
        using ResNet18 network = InferenceBackboneTests.Network(attention: false, blocks: 2);
        using var backbone = new InferenceBackbone(network, CPU);
        NetworkExplainer explainer = Explainer(backbone, 64);
        var eight = HeatMapTarget.Of(BinaryCode.FromBytes([0]), BinaryCode.FromBytes([0]), BitGroup.All);

        Assert.False(explainer.HasAttention);
        Assert.Throws<ArgumentException>(() => explainer.Prepare(new byte[1], [HeatMapTarget.Attention]));
        Assert.Throws<ArgumentException>(() => explainer.Prepare(new byte[1], [eight]));
        Assert.Throws<InvalidDataException>(() => explainer.Prepare("no picture"u8.ToArray(), []));
    }

    [Fact]
    public void Explaining_leaves_no_tensor_behind()
    {
        using ResNet18 network = InferenceBackboneTests.Network(attention: true, blocks: 2);
        using var backbone = new InferenceBackbone(network, CPU, NetworkPrecision.BFloat16);            // in libtorch
        NetworkExplainer explainer = Explainer(backbone, 64);
        ExplainedPicture picture = Picture(Image(64), 64);
        HeatMapTarget[] targets = [HeatMapTarget.Attention, .. Targets(new float[Bits])];
        explainer.Explain(picture, targets);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        explainer.Explain(picture, targets);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    /// <summary>The last maps of a picture that was moved by parts of the stride, beyond its edges going on with its outermost pixels.</summary>
    private static Tensor[] PlainMaps(ResNet18 network, Tensor image, int samples)
    {
        using IDisposable quiet = no_grad();
        int step = 32 / samples, first = -(32 - step) / 2, side = (int)image.shape[2];
        Tensor Moved(Tensor from, int offset, int dimension) =>
            from.index_select(dimension, tensor(Enumerable.Range(offset, side).Select(i => (long)Math.Clamp(i, 0, side - 1)).ToArray()));
        return
        [
            .. Enumerable.Range(0, samples * samples).Select(i => network.FeatureMaps(
                Moved(Moved(image, first + (step * (i / samples)), 2), first + (step * (i % samples)), 3))),
        ];
    }

    private NetworkExplainer Explainer(InferenceBackbone backbone, int side) => new(
        backbone,
        layer,
        new NetworkInput(ImageDecoders.Create(ImageDecoders.Skia), new Preprocessing(side, side, [128, 128, 128], [64, 64, 64])));

    private static ExplainedPicture Picture(Tensor image, int side) =>
        new(HashFitting.Floats(image), new SeenPart(side, side, side, side, PixelWindow.Whole(side, side)));

    private static Tensor Image(int side)
    {
        using Generator generator = new Generator().manual_seed(23);
        return randn([1, 3, side, side], generator: generator);
    }

    /// <summary>Shared, differing and all bits against a code that differs in every third.</summary>
    private static HeatMapTarget[] Targets(float[] realCode)
    {
        BinaryCode code = BinaryCode.FromSigns(realCode);
        BinaryCode other = BinaryCode.FromSigns([.. Enumerable.Range(0, Bits).Select(i => code[i] == (i % 3 != 0) ? 1f : -1f)]);
        return [.. Enum.GetValues<BitGroup>().Select(group => HeatMapTarget.Of(code, other, group))];
    }
}
