using System.Text.Json;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Golden;

/// <summary>The network of resnet.json, filled by the rules that the file gives.</summary>
internal static class GoldenNetwork
{
    public static readonly JsonElement File = ReferenceFile.Read("golden/resnet.json");

    public static DpfahNetwork Create(bool attention, ScalarType type)
    {
        var network = new DpfahNetwork(
            new ResNet18(attention), File.GetProperty("bits").GetInt32(), File.GetProperty("classes").GetInt32());
        network.to(ScalarType.Float64);
        Fill(network);
        network.to(type).to(get_default_device());
        return network;
    }

    /// <summary>Pictures of the file's rule, shape (2, 3, 64, 64).</summary>
    public static Tensor Input(ScalarType type) =>
        HashUnit.Fill(File.GetProperty("input").GetProperty("shape").Shape(), 500, 2).to_type(type);

    /// <summary>The network's name of a tensor that the file names as torchvision does.</summary>
    public static string NameOf(string goldenName) =>
        goldenName.StartsWith("hash_layer.", StringComparison.Ordinal) || goldenName.StartsWith("class_layer.", StringComparison.Ordinal)
            ? goldenName
            : $"backbone.{goldenName}";

    private static void Fill(DpfahNetwork network)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors = network.state_dict();
        foreach (JsonElement parameter in File.GetProperty("parameters").EnumerateArray())
        {
            Tensor tensor = tensors[NameOf(parameter.GetProperty("name").GetString()!)];
            long fanIn = tensor.NumberOfElements / tensor.shape[0];
            Assert.Equal(parameter.GetProperty("shape").Shape(), tensor.shape);
            (double scale, double shift) = parameter.GetProperty("rule").GetString() switch
            {
                "weight" => (2 / Math.Sqrt(fanIn), 0.0),
                "bn_weight" => (0.2, 1.0),
                "bias" => (0.1, 0.0),
                var rule => throw new InvalidDataException($"Unknown rule '{rule}'."),
            };
            tensor.copy_(HashUnit.Fill(tensor.shape, parameter.GetProperty("index").GetUInt32(), scale, shift));
        }

        foreach (JsonElement norm in File.GetProperty("batch_norms").EnumerateArray())
        {
            uint index = norm.GetProperty("index").GetUInt32();
            Tensor mean = tensors[NameOf($"{norm.GetProperty("name").GetString()}.running_mean")];
            Tensor variance = tensors[NameOf($"{norm.GetProperty("name").GetString()}.running_var")];
            mean.copy_(HashUnit.Fill(mean.shape, 1000 + (2 * index), 0.1));
            variance.copy_(HashUnit.Fill(variance.shape, 1001 + (2 * index), 0.3, 1));
        }
    }
}
