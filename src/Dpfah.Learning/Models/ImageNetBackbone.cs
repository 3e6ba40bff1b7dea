using System.Security.Cryptography;
using Dpfah.Core.Models;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;
using Google.Protobuf.Collections;
using Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Models;

/// <summary>
/// The pretrained backbone: ResNet18 as ML.NET's package Microsoft.ML.DnnImageFeaturizer.ResNet18 carries it (MIT licence),
/// converted from ONNX.
/// </summary>
/// <remarks>
/// The file was made by CNTK and differs from torchvision's network in two ways. Its last stage has three blocks; the paper's
/// [2, 2, 2, 2] drops the third. Its input is blue, green, red: the filters of the first convolution are flipped here. Its
/// asymmetric pads equal the symmetric ones where height and width are even.
/// </remarks>
public static class ImageNetBackbone
{
    private const string Sha256 = "e2552f19db2dfdb01b3669537b6a0f1b44da38d18279535492ed5dfc2ef1ff8f";

    /// <summary>The ONNX file that the build puts beside every program.</summary>
    public static string SourcePath => Path.Combine(AppContext.BaseDirectory, "imagenet", "ResNet18.onnx");

    /// <summary>
    /// What the network was trained on: red, green and blue from 0 to 255 minus their means. (The package subtracts a mean
    /// picture of 224 x 224; these are the means of its channels, so that any size can be used.)
    /// </summary>
    public static Preprocessing Preprocessing { get; } = new(256, 224, [123.15f, 115.90f, 103.06f], [1, 1, 1]);

    /// <summary>Writes the backbone as a safetensors file.</summary>
    /// <param name="lastStageBlocks">2 as in the paper, or 3 as in the source.</param>
    /// <param name="path">Where; a file that is there is replaced.</param>
    /// <param name="sourcePath">The ONNX file; <see cref="SourcePath"/> when null.</param>
    /// <returns>Digest of the file's tensors, as in <see cref="BackboneDescription.Digest"/>.</returns>
    /// <exception cref="FileNotFoundException">The ONNX file is not there.</exception>
    /// <exception cref="InvalidDataException">The ONNX file is another than expected.</exception>
    public static string Write(int lastStageBlocks, string path, string? sourcePath = null)
    {
        // Without libtorch: a service that computes on the CPU does without it from its first start.
        SafetensorsWriter.Write(path, Weights(lastStageBlocks, sourcePath), ModelCheck.BackboneShapes(lastStageBlocks));
        return BackboneFile.Digest(path);
    }

    /// <summary>A network with these weights, on the CPU.</summary>
    /// <param name="attention">The attention, which has no weights.</param>
    /// <param name="lastStageBlocks">2 as in the paper, or 3 as in the source.</param>
    /// <param name="sourcePath">The ONNX file; <see cref="SourcePath"/> when null.</param>
    /// <returns>The network; the caller owns it.</returns>
    /// <exception cref="FileNotFoundException">The ONNX file is not there.</exception>
    /// <exception cref="InvalidDataException">The ONNX file is another than expected.</exception>
    public static ResNet18 Create(AttentionOptions attention, int lastStageBlocks = 2, string? sourcePath = null)
    {
        Dictionary<string, float[]> weights = Weights(lastStageBlocks, sourcePath);
        TorchRuntime.EnsureInitialized();
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        var backbone = new ResNet18(attention, lastStageBlocks);
        foreach ((string name, Tensor destination) in BackboneFile.Tensors(backbone))
        {
            destination.copy_(tensor(weights[name], destination.shape));
        }

        return backbone;
    }

    /// <summary>
    /// Reads the weights, in the order of the graph's nodes: each convolution is followed by its batch norm, and a block with
    /// a shortcut convolution names that one first.
    /// </summary>
    /// <returns>Values by the names of <see cref="BackboneFile"/>.</returns>
    private static Dictionary<string, float[]> Weights(int lastStageBlocks, string? sourcePath)
    {
        sourcePath ??= SourcePath;
        byte[] bytes = File.ReadAllBytes(sourcePath);
        if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != Sha256)
        {
            throw new InvalidDataException($"{sourcePath} is not the file that this program knows: its SHA-256 is not {Sha256}.");
        }

        GraphProto graph = ModelProto.Parser.ParseFrom(bytes).Graph;
        Dictionary<string, TensorProto> source = graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        IReadOnlyDictionary<string, long[]> shapes = ModelCheck.BackboneShapes(lastStageBlocks);
        var nodes = new Queue<NodeProto>(graph.Node.Where(node => node.OpType is "Conv" or "BatchNormalization"));
        var weights = new Dictionary<string, float[]>(StringComparer.Ordinal);

        void Take(string input, string name)
        {
            TensorProto values = source[input];
            weights[name] = values.Dims.SequenceEqual(shapes[name])
                ? [.. values.FloatData]
                : throw new InvalidDataException(
                    $"'{input}' has the shape [{string.Join(", ", values.Dims)}] where [{string.Join(", ", shapes[name])}] is expected.");
        }

        void Next(string convolution, string norm)
        {
            Take(nodes.Dequeue().Input[1], $"{convolution}.weight");
            RepeatedField<string> inputs = nodes.Dequeue().Input;
            Take(inputs[1], $"{norm}.weight");
            Take(inputs[2], $"{norm}.bias");
            Take(inputs[3], $"{norm}.running_mean");
            Take(inputs[4], $"{norm}.running_var");
        }

        Next("conv1", "bn1");
        SwapBlueAndRed(weights["conv1.weight"], shapes["conv1.weight"]);
        for (int stage = 1; stage <= 4; stage++)
        {
            for (int block = 0; block < (stage == 4 ? lastStageBlocks : 2); block++)
            {
                string name = $"layer{stage}.{block}";
                if (shapes.ContainsKey($"{name}.downsample.0.weight"))
                {
                    Next($"{name}.downsample.0", $"{name}.downsample.1");
                }

                Next($"{name}.conv1", $"{name}.bn1");
                Next($"{name}.conv2", $"{name}.bn2");
            }
        }

        return weights;
    }

    /// <summary>Turns filters of blue, green and red into those of red, green and blue.</summary>
    /// <param name="filters">Shape (outputs, 3, side, side).</param>
    /// <param name="shape">Theirs.</param>
    private static void SwapBlueAndRed(float[] filters, long[] shape)
    {
        int taps = (int)(shape[2] * shape[3]);
        for (int output = 0; output < shape[0]; output++)
        {
            Span<float> blue = filters.AsSpan(3 * output * taps, taps), red = filters.AsSpan(((3 * output) + 2) * taps, taps);
            float[] first = blue.ToArray();
            red.CopyTo(blue);
            first.CopyTo(red);
        }
    }
}
