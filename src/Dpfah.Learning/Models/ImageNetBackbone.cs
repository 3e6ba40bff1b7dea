using System.Security.Cryptography;
using Dpfah.Core.Models;
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
        using ResNet18 backbone = Create(AttentionOptions.None, lastStageBlocks, sourcePath);
        return BackboneFile.Save(backbone, path);
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
        sourcePath ??= SourcePath;
        byte[] bytes = File.ReadAllBytes(sourcePath);
        if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != Sha256)
        {
            throw new InvalidDataException($"{sourcePath} is not the file that this program knows: its SHA-256 is not {Sha256}.");
        }

        using DisposeScope scope = NewDisposeScope();
        var backbone = new ResNet18(attention, lastStageBlocks);
        Fill(backbone, ModelProto.Parser.ParseFrom(bytes).Graph);
        return backbone;
    }

    /// <summary>
    /// Copies the weights, in the order of the graph's nodes: each convolution is followed by its batch norm, and a block with
    /// a shortcut convolution names that one first.
    /// </summary>
    private static void Fill(ResNet18 backbone, GraphProto graph)
    {
        Dictionary<string, TensorProto> weights = graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        IReadOnlyDictionary<string, Tensor> tensors = BackboneFile.Tensors(backbone);
        var nodes = new Queue<NodeProto>(graph.Node.Where(node => node.OpType is "Conv" or "BatchNormalization"));

        void Next(string convolution, string norm)
        {
            Copy(weights[nodes.Dequeue().Input[1]], tensors[$"{convolution}.weight"]);
            RepeatedField<string> inputs = nodes.Dequeue().Input;
            Copy(weights[inputs[1]], tensors[$"{norm}.weight"]);
            Copy(weights[inputs[2]], tensors[$"{norm}.bias"]);
            Copy(weights[inputs[3]], tensors[$"{norm}.running_mean"]);
            Copy(weights[inputs[4]], tensors[$"{norm}.running_var"]);
        }

        using IDisposable noGrad = no_grad();
        Next("conv1", "bn1");
        Tensor bgr = tensors["conv1.weight"];
        bgr.copy_(bgr.flip(1));
        for (int stage = 1; stage <= 4; stage++)
        {
            for (int block = 0; block < (stage == 4 ? backbone.LastStageBlocks : 2); block++)
            {
                string name = $"layer{stage}.{block}";
                if (tensors.ContainsKey($"{name}.downsample.0.weight"))
                {
                    Next($"{name}.downsample.0", $"{name}.downsample.1");
                }

                Next($"{name}.conv1", $"{name}.bn1");
                Next($"{name}.conv2", $"{name}.bn2");
            }
        }
    }

    private static void Copy(TensorProto source, Tensor destination)
    {
        using Tensor values = tensor(source.FloatData.ToArray(), [.. source.Dims]);
        if (!values.shape.SequenceEqual(destination.shape))
        {
            throw new InvalidDataException(
                $"'{source.Name}' has {values.NumberOfElements} values where {destination.NumberOfElements} are expected.");
        }

        destination.copy_(values);
    }
}
