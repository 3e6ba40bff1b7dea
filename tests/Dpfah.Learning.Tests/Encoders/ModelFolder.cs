using Dpfah.Core.Models;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Encoders;

/// <summary>A temporary folder with a model of random, seeded weights for pictures of 64 pixels; deleted with the object.</summary>
public sealed class ModelFolder : IDisposable
{
    public ModelFolder()
        : this(64)
    {
    }

    internal ModelFolder(int bits)
    {
        using DisposeScope scope = NewDisposeScope();
        using ResNet18 network = RandomNetwork();
        Files = new ModelFiles(Path.Combine(Folder, "backbone.safetensors"), Path.Combine(Folder, "head.safetensors"));
        Description = new ModelDescription
        {
            Name = "test",
            Method = "random",
            Bits = bits,
            Backbone = new BackboneDescription(
                ResNet18.Architecture, network.LastStageBlocks, network.HasAttention, BackboneFile.Save(network, Files.BackbonePath)),
            Preprocessing = new Preprocessing(72, 64, [128, 128, 128], [64, 64, 64]),
        };

        // What random features of pictures look like does not matter here: the layer is centred on the features of noise.
        using Generator generator = new Generator().manual_seed(1);
        using var backbone = new InferenceBackbone(network, CPU);
        Tensor features = backbone.Features(randn([bits + 16, 3, 64, 64], float32, generator: generator));
        Head = new ModelHead(Description, RandomProjection.Fit(features, bits), Signature.Fit(features));
        Head.Write(Files.HeadPath);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("dpfah-model-").FullName;

    public ModelFiles Files { get; }

    public ModelDescription Description { get; }

    public ModelHead Head { get; }

    /// <summary>A new path in the folder.</summary>
    public string NewPath() => Path.Combine(Folder, $"{Guid.NewGuid():N}.safetensors");

    /// <summary>The same model under another description.</summary>
    public ModelFiles Described(ModelDescription description)
    {
        var files = Files with { HeadPath = NewPath() };
        new ModelHead(description, Head.HashLayer, Head.Signature).Write(files.HeadPath);
        return files;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static ResNet18 RandomNetwork()
    {
        using Generator generator = new Generator().manual_seed(7);
        var network = new ResNet18(attention: false);
        using IDisposable noGrad = no_grad();
        foreach (Tensor weight in network.parameters().Where(p => p.dim() == 4))
        {
            // He initialisation: activations keep their scale from layer to layer.
            long fanIn = weight.shape[1] * weight.shape[2] * weight.shape[3];
            using Tensor values = randn(weight.shape, float32, generator: generator) * Math.Sqrt(2.0 / fanIn);
            _ = weight.copy_(values);
        }

        network.eval();
        return network;
    }
}
