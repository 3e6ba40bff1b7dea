using Dpfah.Learning.Hashing;
using Dpfah.Learning.Inference;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Networks;

[Collection(ProcessState.Name)]
public sealed class InferenceBackboneTests : IDisposable
{
    private static readonly int[] BatchSizes = [1, 2, 3, 5, 8, 32];
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        TorchRuntime.Initialize(threads: 1);
        scope.Dispose();
    }

    // Each stage's convolutions are computed in one of three ways, by the size of its maps: these sizes cover them all.
    [Theory]
    [InlineData(false, 2, 2, 224, 224)]
    [InlineData(true, 2, 1, 224, 224)]
    [InlineData(true, 3, 1, 224, 224)]
    [InlineData(true, 2, 32, 64, 64)]
    [InlineData(true, 2, 3, 100, 100)]
    [InlineData(false, 3, 2, 32, 32)]
    [InlineData(true, 2, 1, 128, 128)]
    [InlineData(true, 3, 2, 75, 131)]
    [InlineData(true, 2, 1, 300, 33)]
    [InlineData(false, 2, 1, 1, 1)]
    public void Folding_keeps_the_features(bool attention, int blocks, int pictures, int height, int width)
    {
        using ResNet18 network = Network(attention, blocks);
        using var folded = new InferenceBackbone(network, CPU);
        using var torch = new TorchBackbone(network, CPU);
        Tensor images = Images(pictures, height, width);
        using IDisposable noGrad = no_grad();

        Tensor features = folded.Features(images);

        Assert.Equal([pictures, ResNet18.FeatureLength], features.shape);
        Assert.Equal((blocks, attention), (folded.LastStageBlocks, folded.HasAttention));
        Assert.InRange(Distance(torch.Features(images), features), 0, 1e-4);
        network.to(ScalarType.Float64);
        Tensor wide = images.to_type(ScalarType.Float64);
        Assert.InRange(Distance(network.call(wide), features.to_type(ScalarType.Float64)), 0, 2e-5);
        Assert.InRange(Distance(network.FeatureMaps(wide), folded.LastMaps(images).to_type(ScalarType.Float64)), 0, 2e-5);
    }

    [Theory]
    [InlineData(true, 224)]
    [InlineData(false, 224)]
    [InlineData(true, 64)]
    [InlineData(false, 64)]
    [InlineData(true, 100)]
    [InlineData(true, 32)]
    public void A_picture_has_the_same_feature_in_any_batch_on_any_number_of_threads(bool attention, int side)
    {
        using ResNet18 network = Network(attention, blocks: 2);
        using var folded = new InferenceBackbone(network, CPU);
        Tensor images = Images(BatchSizes[^1], side);
        byte[] expected = Bytes(folded.Features(images));

        int compared = 0;
        foreach (int threads in new[] { 1, 2, 3 })
        {
            TorchRuntime.SetThreads(threads);
            foreach (int size in BatchSizes)
            {
                byte[] features = Bytes(folded.Features(images[..size]));
                Assert.True(expected.AsSpan(0, features.Length).SequenceEqual(features), $"batch {size}, {threads} threads");
                compared++;
            }
        }

        Assert.Equal(18, compared);
    }

    [Fact]
    public void Callers_at_the_same_time_with_pictures_of_several_sizes_get_what_each_gets_alone()
    {
        using ResNet18 network = Network(attention: true, blocks: 2);
        using var folded = new InferenceBackbone(network, CPU);
        Tensor[] images = [Images(1, 64), Images(9, 32), Images(2, 40, 70), Images(3, 64)];
        byte[][] expected = [.. images.Select(x => Bytes(folded.Features(x)))];

        Parallel.For(0, 4 * images.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            using Tensor features = folded.Features(images[i % images.Length]);
            Assert.Equal(expected[i % images.Length], Bytes(features));
        });
    }

    [Fact]
    public void A_backbone_that_was_disposed_of_says_so()
    {
        using ResNet18 network = Network(attention: true, blocks: 2);
        var folded = new InferenceBackbone(network, CPU);
        folded.Features(Images(1, 32)).Dispose();
        folded.Dispose();

        Assert.Throws<ObjectDisposedException>(() => folded.Features(Images(1, 32)));
    }

    // The reason is in FoldedConvolution: libtorch's channels-last kernels have been wrong for one shape of this network.
    [Theory]
    [InlineData(1, 64)]
    [InlineData(32, 64)]
    [InlineData(1, 224)]
    [InlineData(32, 224)]
    public void Each_convolution_agrees_with_the_plain_layout(int batch, int side)
    {
        using ResNet18 network = Network(attention: false, blocks: 2);
        using IDisposable noGrad = no_grad();
        int layers = 0;

        Tensor Compare(TorchSharp.Modules.Conv2d convolution, TorchSharp.Modules.BatchNorm2d norm, Tensor x)
        {
            using FoldedConvolution folded = FoldedConvolution.Fold(convolution, norm, CPU, float32);
            Tensor plain = norm.call(convolution.call(x));
            using Tensor actual = folded.Apply(FoldedConvolution.ChannelsLast(x));
            Assert.Equal(plain.shape, actual.shape);
            Assert.True(Distance(plain, actual) <= 1e-5, $"convolution {layers}: {Distance(plain, actual)}");
            layers++;
            return plain;
        }

        Tensor x = nn.functional.max_pool2d(Compare(network.Conv1, network.Bn1, Images(batch, side)).relu_(), 3, 2, 1);
        foreach (BasicBlock block in network.Blocks)
        {
            Tensor y = Compare(block.Conv2, block.Bn2, Compare(block.Conv1, block.Bn1, x).relu_());
            x = (y + (block.Shortcut is var (convolution, norm) ? Compare(convolution, norm, x) : x)).relu_();
        }

        Assert.Equal(20, layers);
    }

    [Fact]
    public void A_backbone_made_in_a_dispose_scope_outlives_it()
    {
        InferenceBackbone folded;
        using (NewDisposeScope())
        {
            using var network = new ResNet18(attention: true);
            folded = new InferenceBackbone(network, CPU);
        }

        using (folded)
        {
            Assert.Equal(ResNet18.FeatureLength, folded.Features(Images(1, 32)).NumberOfElements);
        }
    }

    [Fact]
    public void Computing_features_leaves_no_tensor_behind()
    {
        using ResNet18 network = Network(attention: true, blocks: 2);
        using var folded = new InferenceBackbone(network, CPU);
        Tensor images = Images(1, 64);
        long before = Tensor.TotalCount;

        folded.Features(images).Dispose();

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void The_arithmetic_names_version_layout_precision_and_kernels()
    {
        using ResNet18 network = Network(attention: true, blocks: 2);
        using var folded = new InferenceBackbone(network, CPU);

        Assert.Equal($"2/nhwc/fp32/cpu/{Lanes.Class}", folded.Arithmetic);
    }

    [Theory]
    [InlineData(1, 64)]
    [InlineData(3, 100)]
    [InlineData(1, 224)]
    public void Half_precision_keeps_two_digits_of_the_features(int pictures, int side)
    {
        using ResNet18 network = Network(attention: true, blocks: 2);
        using var single = new InferenceBackbone(network, CPU);
        using var half = new InferenceBackbone(network, CPU, NetworkPrecision.BFloat16);
        Tensor images = Images(pictures, side);

        Tensor features = half.Features(images);

        Assert.Equal((ScalarType.Float32, NetworkPrecision.BFloat16), (features.dtype, half.Precision));
        Assert.InRange(Distance(single.Features(images), features), 1e-5, 0.05);
        Assert.InRange(Distance(single.LastMaps(images), half.LastMaps(images)), 1e-5, 0.05);
        Tensor Pooled(InferenceBackbone backbone) => tensor(backbone.PooledMaps(HashFitting.Floats(images), pictures, side));
        Assert.InRange(Distance(Pooled(single), Pooled(half)), 1e-6, 0.05);
    }

    [Fact]
    public void The_arithmetic_of_half_precision_is_another_and_names_the_instructions()
    {
        using ResNet18 network = Network(attention: true, blocks: 2);
        using var half = new InferenceBackbone(network, CPU, NetworkPrecision.BFloat16);

        string flags = File.Exists("/proc/cpuinfo") ? File.ReadAllText("/proc/cpuinfo") : "";
        string instructions = flags.Contains(" amx_bf16", StringComparison.Ordinal) ? "+amx" : flags.Contains(" avx512_bf16", StringComparison.Ordinal) ? "+vdpbf16ps" : "";
        Assert.Equal($"1/nhwc/bf16/cpu/{CpuKernels.Class}{instructions}", half.Arithmetic);
        Assert.Equal(instructions.Length > 0, NetworkPrecisions.HasInstructions);
    }

    /// <summary>A backbone with weights, running statistics and affine maps of the sizes that trained networks have.</summary>
    internal static ResNet18 Network(bool attention, int blocks)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        var network = new ResNet18(attention, blocks);
        using var generator = new Generator(17);
        foreach ((string name, Tensor value) in network.state_dict())
        {
            string last = name[(name.LastIndexOf('.') + 1)..];
            if (value.dim() == 4)
            {
                value.copy_(randn(value.shape, generator: generator) * Math.Sqrt(2.0 * value.shape[0] / value.NumberOfElements));
            }
            else if (last is "weight" or "running_var")
            {
                value.copy_((rand(value.shape, generator: generator) * 0.8) + 0.4);
            }
            else if (last is "bias" or "running_mean")
            {
                value.copy_(randn(value.shape, generator: generator) * 0.2);
            }
        }

        network.eval();
        return network;
    }

    private static Tensor Images(int batch, int side) => Images(batch, side, side);

    private static Tensor Images(int batch, int height, int width)
    {
        using var generator = new Generator(23);
        return randn([batch, 3, height, width], generator: generator) * 2;
    }

    private static byte[] Bytes(Tensor tensor) => tensor.bytes.ToArray();

    /// <summary>Largest difference, relative to the largest value.</summary>
    private static double Distance(Tensor expected, Tensor actual)
    {
        using DisposeScope inner = NewDisposeScope();
        return ((expected - actual).abs().max() / expected.abs().max()).to_type(ScalarType.Float64).item<double>();
    }
}
