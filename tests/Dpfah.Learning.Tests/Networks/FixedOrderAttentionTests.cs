using Dpfah.Learning.Networks;
using Dpfah.Learning.Tests.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Networks;

public sealed class FixedOrderAttentionTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(1, 8, 1, 1)]
    [InlineData(2, 8, 1, 3)]
    [InlineData(3, 24, 5, 7)]
    [InlineData(2, 64, 56, 56)]
    public void It_agrees_with_the_definition_in_double_precision(long batch, long channels, long height, long width)
    {
        using var definition = new ParameterFreeAttention();
        Tensor x = HashUnit.Fill([batch, channels, height, width], 31, 1.7, 0.2);
        x[.., 0] = 0.75;
        x[.., 1] = 0;
        Tensor expected = x + definition.call(x);

        Tensor actual = FixedOrderAttention.AddTo(FoldedConvolution.ChannelsLast(x.to_type(ScalarType.Float32)));

        Assert.Equal(x.shape, actual.shape);
        Assert.InRange((expected - actual).abs().max().item<double>(), 0, 1e-6 * expected.abs().max().item<double>());
    }

    [Fact]
    public void Large_and_small_values_stay_finite()
    {
        using var definition = new ParameterFreeAttention();
        Tensor x = HashUnit.Fill([1, 8, 4, 4], 37, 1e6);
        x[0, 3] = 1e-30;
        x[0, 4] = 0;
        x[0, 4, 2, 2] = 1e6;
        Tensor expected = x + definition.call(x);

        Tensor actual = FixedOrderAttention.AddTo(FoldedConvolution.ChannelsLast(x.to_type(ScalarType.Float32)));

        Assert.InRange(((expected - actual) / (expected.abs() + 1e-30)).abs().max().item<double>(), 0, 1e-5);
    }

    [Fact]
    public void It_works_in_the_memory_of_its_input()
    {
        Tensor x = FoldedConvolution.ChannelsLast(ones(2, 8, 3, 3));

        Tensor z = FixedOrderAttention.AddTo(x);

        Assert.True(z.Equals(x));
        Assert.InRange(x.min().item<float>(), 1.622f, 1.623f);
    }
}
