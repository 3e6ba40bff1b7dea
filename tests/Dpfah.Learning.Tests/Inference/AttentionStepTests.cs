using Dpfah.Learning.Inference;
using Dpfah.Learning.Networks;
using Dpfah.Learning.Tests.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Inference;

public sealed unsafe class AttentionStepTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(1, 16, 1, 1)]
    [InlineData(2, 16, 1, 3)]
    [InlineData(3, 48, 5, 7)]
    [InlineData(2, 64, 56, 56)]
    public void It_agrees_with_the_definition_in_double_precision(int batch, int channels, int height, int width)
    {
        using var definition = new ParameterFreeAttention();
        Tensor x = HashUnit.Fill([batch, channels, height, width], 31, 1.7, 0.2);
        x[.., 0] = 0.75;
        x[.., 1] = 0;
        x = x.to_type(ScalarType.Float32).to_type(ScalarType.Float64);
        Tensor expected = x + definition.call(x);

        Tensor actual = Apply(x);

        Assert.InRange((expected - actual).abs().max().item<double>(), 0, 1e-6 * expected.abs().max().item<double>());
    }

    [Fact]
    public void Large_and_small_values_stay_finite()
    {
        using var definition = new ParameterFreeAttention();
        Tensor x = HashUnit.Fill([1, 16, 4, 4], 37, 1e6);
        x[0, 3] = 1e-30;
        x[0, 4] = 0;
        x[0, 4, 2, 2] = 1e6;
        x = x.to_type(ScalarType.Float32).to_type(ScalarType.Float64);
        Tensor expected = x + definition.call(x);

        Tensor actual = Apply(x);

        Assert.InRange(((expected - actual) / (expected.abs() + 1e-30)).abs().max().item<double>(), 0, 1e-5);
    }

    private static Tensor Apply(Tensor x)
    {
        int pictures = (int)x.shape[0];
        var maps = new FeatureMaps(pictures, (int)x.shape[2], (int)x.shape[3], (int)x.shape[1]);
        float[] values = x.permute(0, 2, 3, 1).to_type(ScalarType.Float32).contiguous().data<float>().ToArray();
        MapFixture.Each(maps, pictures, (at, index) => *at = values[index]);
        using var team = new ThreadTeam(2);
        new AttentionStep().Apply(pictures, maps, team);
        return tensor(MapFixture.Values(maps, pictures), [x.shape[0], x.shape[2], x.shape[3], x.shape[1]])
            .permute(0, 3, 1, 2).to_type(ScalarType.Float64);
    }
}
