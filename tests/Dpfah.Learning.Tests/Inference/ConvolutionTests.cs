using Dpfah.Learning.Inference;

namespace Dpfah.Learning.Tests.Inference;

public sealed class ConvolutionTests : IDisposable
{
    private readonly ThreadTeam team = new(2);

    public void Dispose() => team.Dispose();

    // Sides that are no multiples of a tile, maps smaller than a tile, blocks of six rows that are not full.
    public static TheoryData<string, int, int, int, int, int, int, int> Shapes { get; } = new()
    {
        { "direct", 64, 64, 3, 1, 1, 5, 7 },
        { "direct", 16, 128, 3, 1, 3, 4, 4 },
        { "direct", 512, 64, 3, 1, 2, 2, 2 },
        { "direct", 64, 128, 3, 2, 2, 9, 6 },
        { "direct", 64, 128, 3, 2, 1, 1, 1 },
        { "direct", 64, 128, 1, 2, 3, 7, 10 },
        { "direct", 256, 64, 1, 2, 1, 14, 14 },
        { "F(2x2)", 64, 64, 3, 1, 2, 7, 7 },
        { "F(2x2)", 512, 64, 3, 1, 1, 8, 9 },
        { "F(2x2)", 16, 128, 3, 1, 3, 1, 1 },
        { "F(4x4)", 64, 64, 3, 1, 2, 14, 14 },
        { "F(4x4)", 128, 64, 3, 1, 1, 13, 19 },
        { "F(4x4)", 16, 128, 3, 1, 3, 3, 2 },
        { "F(4x4)", 64, 64, 3, 1, 2, 56, 56 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void It_agrees_with_the_plain_loop(string way, int inputs, int outputs, int side, int stride, int pictures, int height, int width)
    {
        ConvolutionWeights shape = MapFixture.Weights(outputs, inputs, side, stride);
        FeatureMaps x = MapFixture.Maps(pictures, height, width, inputs);
        FeatureMaps added = MapFixture.Maps(pictures, (height + stride - 1) / stride, (width + stride - 1) / stride, outputs, seed: 11);
        var results = new FeatureMaps(pictures, added.Height, added.Width, outputs);
        IConvolution convolution = Open(way, shape);
        double[] plain = MapFixture.Convolve(shape, x, pictures, null, relu: false);
        double[] whole = MapFixture.Convolve(shape, x, pictures, added, relu: true);

        // Winograd's transforms lose some bits: F(4x4) two to three times what a sum of float32 does.
        double tolerance = way == "F(4x4)" ? 5e-6 : 2e-6;
        convolution.Apply(pictures, x, results, null, relu: false, team);
        Assert.InRange(MapFixture.Distance(plain, MapFixture.Values(results, pictures)), 0, tolerance);
        convolution.Apply(pictures, x, results, added, relu: true, team);
        Assert.InRange(MapFixture.Distance(whole, MapFixture.Values(results, pictures)), 0, tolerance);
        convolution.Apply(pictures, x, added, added, relu: true, team);
        Assert.Equal(MapFixture.Values(results, pictures), MapFixture.Values(added, pictures));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Its_bits_depend_on_nothing_but_the_picture(
        string way, int inputs, int outputs, int side, int stride, int pictures, int height, int width)
    {
        ConvolutionWeights shape = MapFixture.Weights(outputs, inputs, side, stride);
        FeatureMaps x = MapFixture.Maps(pictures, height, width, inputs);
        IConvolution convolution = Open(way, shape);
        float[] expected = Run(convolution, shape, x, pictures, team);

        using var alone = new ThreadTeam(1);
        using var three = new ThreadTeam(3);
        Assert.Equal(expected, Run(convolution, shape, x, pictures, alone));
        Assert.Equal(expected, Run(convolution, shape, x, pictures, three));
        Assert.Equal(expected[..(expected.Length / pictures)], Run(convolution, shape, x, 1, team));
        bool wide = Lanes.Wide;
        try
        {
            Lanes.Wide = !wide;
            Assert.Equal(expected, Run(convolution, shape, x, pictures, alone));
        }
        finally
        {
            Lanes.Wide = wide;
        }
    }

    private static float[] Run(IConvolution convolution, ConvolutionWeights shape, FeatureMaps x, int pictures, ThreadTeam members)
    {
        var results = new FeatureMaps(
            pictures, (x.Height + shape.Stride - 1) / shape.Stride, (x.Width + shape.Stride - 1) / shape.Stride, shape.Outputs);
        convolution.Apply(pictures, x, results, null, relu: true, members);
        return MapFixture.Values(results, pictures);
    }

    private static IConvolution Open(string way, ConvolutionWeights shape) => way switch
    {
        "F(4x4)" => new MinimalConvolution<MinimalFilter4>(shape, new PointBuffers()),
        "F(2x2)" => new MinimalConvolution<MinimalFilter2>(shape, new PointBuffers()),
        _ => new DirectConvolution(shape),
    };
}
