using System.Runtime.InteropServices;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Inference;
using Dpfah.Learning.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>
/// The backbone as all codes are computed: batch norm folded into the convolutions; in float32 on the CPU by kernels of our own, else
/// by libtorch. In float32 on the CPU a picture gets the same feature, bit for bit, alone or in any batch, on one thread or several, with
/// vectors of 512 bits or 256.
/// </summary>
/// <remarks>
/// Another layout, precision, way to fold or to convolve flips some bits of codes: <see cref="Arithmetic"/> names them all, and is part
/// of a generation's identity.
/// </remarks>
public sealed class InferenceBackbone : IFeatureNetwork
{
    /// <summary>Raised by every change that changes a bit of a feature on the CPU. 1 was libtorch's convolutions.</summary>
    public const int CpuVersion = 2;

    /// <summary>Raised by every change that changes a bit of a feature that libtorch computes.</summary>
    public const int TorchVersion = 1;

    // Channels of the maps after the max pool.
    private const int PooledChannels = 64;

    private readonly bool hasAttention;
    private readonly CpuNetwork? cpu;
    private readonly TorchBackbone? torch;
    private readonly Device? device;

    /// <summary>Folds a backbone.</summary>
    /// <param name="network">Copied; its running statistics are used, whatever its mode.</param>
    /// <param name="device">Where features will be computed.</param>
    /// <param name="precision">In which numbers.</param>
    /// <exception cref="ArgumentException">The network has an attention other than the paper's: it is for experiments only.</exception>
    public InferenceBackbone(ResNet18 network, Device device, NetworkPrecision precision = NetworkPrecision.Single)
    {
        if (network.HasAttention && network.Attention != AttentionOptions.Paper)
        {
            throw new ArgumentException(
                $"The attention is {network.Attention}; models run with {AttentionOptions.Paper} or none.", nameof(network));
        }

        (LastStageBlocks, hasAttention, Precision, this.device) = (network.LastStageBlocks, network.HasAttention, precision, device);
        if (device.type == DeviceType.CPU && precision == NetworkPrecision.Single)
        {
            cpu = new CpuNetwork(Weights(network));
        }
        else
        {
            torch = new TorchBackbone(network, device, precision == NetworkPrecision.Single ? float32 : bfloat16);
        }
    }

    /// <summary>Takes folded weights, to compute in float32 on the CPU: libtorch is not needed.</summary>
    /// <param name="read">Gives the weights; asked again for pictures of another size, so that they need not stay in memory.</param>
    internal InferenceBackbone(Func<NetworkWeights> read)
    {
        NetworkWeights weights = read();
        (LastStageBlocks, hasAttention) = (weights.Blocks.Count - 6, weights.Attention);
        cpu = new CpuNetwork(weights, read);
    }

    /// <inheritdoc/>
    public int FeatureLength => ResNet18.FeatureLength;

    /// <summary>Blocks of the last stage: 2 or 3.</summary>
    public int LastStageBlocks { get; }

    /// <summary>Whether the parameter-free attention follows the max pool.</summary>
    public bool HasAttention => hasAttention;

    /// <summary>In which numbers features are computed.</summary>
    public NetworkPrecision Precision { get; }

    /// <summary>
    /// Encoder version, layout, precision, device class and kernel class: <c>2/nhwc/fp32/cpu/fma</c>, which all processors with fused
    /// multiply-add share, or such as <c>1/nhwc/fp32/cuda/avx512</c> and <c>1/nhwc/bf16/cpu/avx512+vdpbf16ps</c>.
    /// </summary>
    public string Arithmetic => cpu is null
        ? $"{TorchVersion}/nhwc/{Precision.Name()}/{(device!.type == DeviceType.CPU ? "cpu" : "cuda")}/{CpuKernels.Class}{(Precision == NetworkPrecision.BFloat16 && device.type == DeviceType.CPU && NetworkPrecisions.HasInstructions ? $"+{NetworkPrecisions.Instructions()}" : "")}"
        : $"{CpuVersion}/nhwc/fp32/cpu/{Lanes.Class}";

    /// <inheritdoc/>
    public float[] Features(ReadOnlySpan<float> images, int pictures, int side) => cpu is null
        ? InTorch(images, pictures, side, Features)
        : OnCpu(NetworkOutput.Features, images, pictures, side, FeatureLength);

    /// <summary>The last feature maps, of which φ is the mean over the places: for explanations.</summary>
    /// <inheritdoc cref="Features(ReadOnlySpan{float}, int, int)"/>
    /// <returns>(pictures, 512, ⌈side/32⌉, ⌈side/32⌉), not negative.</returns>
    internal float[] LastMaps(ReadOnlySpan<float> images, int pictures, int side) => cpu is null
        ? InTorch(images, pictures, side, LastMaps)
        : OnCpu(NetworkOutput.LastMaps, images, pictures, side, FeatureLength * Places(side, 32) * Places(side, 32));

    /// <summary>The maps X after the max pool, before the attention.</summary>
    /// <inheritdoc cref="Features(ReadOnlySpan{float}, int, int)"/>
    /// <returns>(pictures, 64, ⌈side/4⌉, ⌈side/4⌉), not negative.</returns>
    internal float[] PooledMaps(ReadOnlySpan<float> images, int pictures, int side) => cpu is null
        ? InTorch(images, pictures, side, x => InTorch(x, static (network, x) => network.PooledMaps(x)))
        : OnCpu(NetworkOutput.PooledMaps, images, pictures, side, PooledChannels * Places(side, 4) * Places(side, 4));

    /// <summary>The feature φ of each picture.</summary>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W), float32, on the device of this backbone.</param>
    /// <returns>Shape (B, 512), on the same device; the caller owns it.</returns>
    public Tensor Features(Tensor images) => cpu is null
        ? InTorch(images, static (network, x) => network.Features(x))
        : OnCpu(NetworkOutput.Features, images, [images.shape[0], FeatureLength]);

    /// <summary>The last feature maps, of which φ is the mean over the places: for explanations.</summary>
    /// <param name="images">Normalised pictures, shape (B, 3, H, W), float32, on the device of this backbone.</param>
    /// <returns>Shape (B, 512, ⌈H/32⌉, ⌈W/32⌉), not negative; the caller owns it.</returns>
    internal Tensor LastMaps(Tensor images) => cpu is null
        ? InTorch(images, static (network, x) => network.LastMaps(x))
        : OnCpu(NetworkOutput.LastMaps, images, [images.shape[0], FeatureLength, Places(images.shape[2], 32), Places(images.shape[3], 32)]);

    /// <inheritdoc/>
    public void Dispose()
    {
        cpu?.Dispose();
        torch?.Dispose();
    }

    /// <summary>The folded weights, as the kernels take them.</summary>
    internal static NetworkWeights Weights(ResNet18 network) => new(
        Weights(network.Conv1, network.Bn1),
        [
            .. network.Blocks.Select(block => new BlockWeights(
                Weights(block.Conv1, block.Bn1),
                Weights(block.Conv2, block.Bn2),
                block.Shortcut is var (convolution, norm) ? Weights(convolution, norm) : null)),
        ],
        network.HasAttention);

    /// <summary>The folded weights of one convolution.</summary>
    internal static ConvolutionWeights Weights(Conv2d convolution, BatchNorm2d norm)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor weight, Tensor bias) = FoldedConvolution.Folded(convolution, norm);
        return new ConvolutionWeights(
            HashFitting.Floats(weight),
            HashFitting.Floats(bias),
            (int)weight.shape[0],
            (int)weight.shape[1],
            (int)weight.shape[2],
            (int)convolution.stride![0]);
    }

    private static int Places(long side, int stride) => (int)((side + stride - 1) / stride);

    private float[] InTorch(ReadOnlySpan<float> images, int pictures, int side, Func<Tensor, Tensor> run)
    {
        using IDisposable inference = inference_mode(true);
        using DisposeScope scope = NewDisposeScope();
        return HashFitting.Floats(run(tensor(images.ToArray(), [pictures, 3, side, side]).to(device!)));
    }

    private float[] OnCpu(NetworkOutput output, ReadOnlySpan<float> images, int pictures, int side, int length)
    {
        var results = new float[pictures * length];
        cpu!.Run(output, images, pictures, side, side, TorchRuntime.Threads, results);
        return results;
    }

    private Tensor InTorch(Tensor images, Func<TorchBackbone, Tensor, Tensor> run)
    {
        using IDisposable inference = inference_mode(true);
        return run(torch!, images);
    }

    private Tensor OnCpu(NetworkOutput output, Tensor images, long[] shape)
    {
        using IDisposable inference = inference_mode(true);
        using DisposeScope scope = NewDisposeScope();
        Tensor results = empty(shape, float32, CPU);
        cpu!.Run(
            output,
            MemoryMarshal.Cast<byte, float>(images.contiguous().bytes),
            (int)images.shape[0],
            (int)images.shape[2],
            (int)images.shape[3],
            TorchRuntime.Threads,
            MemoryMarshal.Cast<byte, float>(results.bytes));
        return results.MoveToOuterDisposeScope();
    }
}
