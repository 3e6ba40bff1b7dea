using Dpfah.Core.Codes;
using Dpfah.Learning.Explaining;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Explaining;

public sealed class GradCamTests
{
    private const int Bits = 16;
    private const int Classes = 5;

    private static readonly Dictionary<string, ExplanationTarget> Targets = new(StringComparer.Ordinal)
    {
        ["class"] = ExplanationTarget.ClassScore(2),
        ["result"] = ExplanationTarget.Similarity(Code()),
        ["strength"] = ExplanationTarget.CodeStrength,
    };

    public static TheoryData<string> Names => [.. Targets.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Slopes_are_those_of_finite_differences(string name)
    {
        const double Step = 1e-6;
        using DisposeScope scope = NewDisposeScope();
        using DpfahNetwork network = Network();
        network.to(ScalarType.Float64);
        Tensor maps = rand(1, ResNet18.FeatureLength, 2, 3, dtype: ScalarType.Float64);

        Tensor slopes = GradCam.Slopes(maps, Target);

        Assert.Equal(maps.shape, slopes.shape);
        for (int channel = 0; channel < ResNet18.FeatureLength; channel += 37)
        {
            double difference = (At(channel, Step) - At(channel, -Step)) / (2 * Step);
            Assert.Equal(difference, slopes[0, channel, 1, 2].ToDouble(), 1e-8);
        }

        Tensor Target(Tensor x) => Targets[name].Compute(network, x.mean([2, 3]));

        double At(int channel, double step)
        {
            Tensor moved = maps.clone();
            moved[0, channel, 1, 2] += step;
            return Target(moved).ToDouble();
        }
    }

    [Theory]
    [InlineData(224, 4)]
    [InlineData(128, 3)]
    [InlineData(64, 2)]
    [InlineData(32, 1)]
    public void Small_pictures_are_explained_at_an_earlier_stage(int side, int stage) => Assert.Equal(stage, GradCam.StageFor(side));

    [Theory]
    [InlineData(1, 16)]
    [InlineData(2, 8)]
    [InlineData(3, 4)]
    [InlineData(4, 2)]
    public void Slopes_of_an_earlier_stage_go_through_the_stages_after_it(int stage, int cells)
    {
        const double Step = 1e-6;
        using DisposeScope scope = NewDisposeScope();
        using DpfahNetwork network = Network();
        network.to(ScalarType.Float64);
        network.eval();
        var trunk = (ResNet18)network.Backbone;
        Tensor image = randn(1, 3, 64, 64, dtype: ScalarType.Float64);
        Assert.Equal(cells, GradCam.Explain(network, image, Targets["class"], stage).Width);
        Tensor maps = rand(1, 32 << stage, cells, cells, dtype: ScalarType.Float64);

        Tensor slopes = GradCam.Slopes(maps, Target);

        Tensor up = maps.clone(), down = maps.clone();
        up[0, 3, 1, 0] += Step;
        down[0, 3, 1, 0] -= Step;
        Assert.Equal((Target(up).ToDouble() - Target(down).ToDouble()) / (2 * Step), slopes[0, 3, 1, 0].ToDouble(), 1e-6);

        Tensor Target(Tensor x) => Targets["class"].Compute(network, trunk.Finish(x, stage).mean([2, 3]));
    }

    [Fact]
    public void A_class_that_reads_one_channel_is_explained_by_that_channel()
    {
        using DisposeScope scope = NewDisposeScope();
        using DpfahNetwork network = Network();
        network.eval();
        Tensor image = randn(1, 3, 96, 64);
        using IDisposable quiet = no_grad();
        Tensor maps = ((ResNet18)network.Backbone).FeatureMaps(image)[0];                       // A: (512, 3, 2)
        long channel = maps.sum([1, 2]).argmax().ToInt64();
        network.ClassLayer.weight.zero_();
        network.ClassLayer.weight[2, channel] = 0.7f;

        HeatMap map = GradCam.Explain(network, image, Targets["class"]);

        Assert.Equal((2, 3), (map.Width, map.Height));
        float[] expected = (maps[channel] / maps[channel].max()).reshape(-1).data<float>().ToArray();
        Assert.All(expected.Zip(map.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.Equal(1, map.Values.Max(), 1e-6f);
    }

    [Fact]
    public void Where_nothing_speaks_for_the_target_the_map_is_zero()
    {
        using DisposeScope scope = NewDisposeScope();
        using DpfahNetwork network = Network();
        using (no_grad())
        {
            network.ClassLayer.weight.fill_(-1);
        }

        HeatMap map = GradCam.Explain(network, randn(1, 3, 64, 64), Targets["class"]);

        Assert.All(map.Values, value => Assert.Equal(0, value));
        Assert.All(GradCam.Map(zeros(1, 4, 2, 2), x => x.sum()).Values, value => Assert.Equal(0, value));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_mode_of_the_network_changes_nothing_and_is_given_back(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using DpfahNetwork network = Network();
        Tensor image = randn(1, 3, 64, 64);
        network.eval();
        HeatMap expected = GradCam.Explain(network, image, Targets[name]);
        network.train();

        HeatMap map = GradCam.Explain(network, image, Targets[name]);

        Assert.Equal(expected.Values, map.Values);
        Assert.True(network.training);
        Assert.True(network.Backbone.training);
        Assert.All(network.parameters(), parameter => Assert.True(parameter.grad is null && parameter.requires_grad));
    }

    [Fact]
    public void A_caller_without_gradients_gets_the_same_map()
    {
        using DisposeScope scope = NewDisposeScope();
        using DpfahNetwork network = Network();
        Tensor image = randn(1, 3, 64, 64);
        HeatMap expected = GradCam.Explain(network, image, ExplanationTarget.CodeStrength);

        using IDisposable quiet = no_grad();

        Assert.Equal(expected.Values, GradCam.Explain(network, image, ExplanationTarget.CodeStrength).Values);
        Assert.False(is_grad_enabled());
    }

    [Fact]
    public void A_code_and_its_signs_are_the_same_target()
    {
        using DisposeScope scope = NewDisposeScope();
        using DpfahNetwork network = Network();
        Tensor feature = rand(1, ResNet18.FeatureLength);
        float[] signs = [.. Enumerable.Range(0, Bits).Select(i => i % 3 == 0 ? 1f : -1f)];

        double expected = (network.HashLayer.call(feature)[0] * tensor(signs)).sum().ToDouble();

        Assert.Equal(expected, ExplanationTarget.Similarity(Code()).Compute(network, feature).ToDouble(), 1e-4);
        Assert.Equal(expected, ExplanationTarget.Similarity(signs).Compute(network, feature).ToDouble(), 1e-4);
    }

    [Fact]
    public void Two_pictures_and_targets_that_do_not_fit_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using DpfahNetwork network = Network();
        Tensor image = randn(1, 3, 64, 64);
        network.train();

        Assert.Throws<ArgumentException>(() => GradCam.Explain(network, randn(2, 3, 64, 64), Targets["class"]));
        Assert.Throws<ArgumentException>(() => GradCam.Explain(network, randn(3, 64, 64), Targets["class"]));
        Assert.Throws<ArgumentOutOfRangeException>(() => GradCam.Explain(network, image, ExplanationTarget.ClassScore(Classes)));
        Assert.Throws<ArgumentException>(() => GradCam.Explain(network, image, ExplanationTarget.Similarity([1, -1])));
        Assert.Throws<ArgumentException>(() => ExplanationTarget.Similarity([1, 0]));
        Assert.True(network.training);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Explaining_leaves_no_tensor_behind(string name)
    {
        using DpfahNetwork network = Network();
        using Tensor image = randn(1, 3, 64, 64);
        GradCam.Explain(network, image, Targets[name]);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        GradCam.Explain(network, image, Targets[name]);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static DpfahNetwork Network()
    {
        manual_seed(11);
        return new DpfahNetwork(new ResNet18(attention: true), Bits, Classes);
    }

    private static BinaryCode Code() =>
        BinaryCode.FromSigns([.. Enumerable.Range(0, Bits).Select(i => i % 3 == 0 ? 1f : -1f)]);
}
