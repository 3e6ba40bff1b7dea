using Dpfah.Learning.Datasets;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Training;

/// <summary>The network before its first batch.</summary>
internal static class NewNetwork
{
    /// <summary>
    /// Backbone with its first weights, branches drawn from N(0, 0.01²) by the run's seed; the hash layer of a parent of as many bits is taken.
    /// </summary>
    /// <param name="options">What to train.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="parent">The model of <see cref="TrainingOptions.Parent"/>.</param>
    /// <exception cref="FileNotFoundException">There is no file of weights.</exception>
    /// <exception cref="InvalidDataException">The file of weights is damaged or holds another network.</exception>
    public static DpfahNetwork Create(TrainingOptions options, int classes, ParentModel? parent)
    {
        manual_seed((long)options.Seed);
        var network = new DpfahNetwork(Backbone(options, parent), options.Bits, classes, options.ClassesFromCode);
        var random = new SeededRandom(options.Seed);
        Fill(network.HashLayer.weight, random);
        Fill(network.ClassLayer.weight, random);
        if (parent is not null && parent.Head.HashLayer.Bits == options.Bits)
        {
            Fill(network.HashLayer.weight, [.. parent.Head.HashLayer.Weight]);
            Fill(network.HashLayer.bias!, [.. parent.Head.HashLayer.Bias]);
        }

        return network;
    }

    private static Backbone Backbone(TrainingOptions options, ParentModel? parent)
    {
        if (parent is not null)
        {
            return BackboneFile.Load(parent.BackbonePath, options.EffectiveAttention);
        }

        if (options.Weights is not ("imagenet" or "random") && !File.Exists(options.Weights))
        {
            throw new FileNotFoundException($"weights is '{options.Weights}', and there is no such file; it is imagenet, random, or a backbone file.", options.Weights);
        }

        if (options.Backbone == AlexNet.Architecture)
        {
            var alexNet = new AlexNet();
            try
            {
                if (options.Weights != "random")
                {
                    SafetensorsReader.ReadInto(options.Weights, alexNet.state_dict());
                }

                return alexNet;
            }
            catch
            {
                alexNet.Dispose();
                throw;
            }
        }

        AttentionOptions attention = options.EffectiveAttention;
        return options.Weights switch
        {
            "imagenet" => ImageNetBackbone.Create(attention),
            "random" => new ResNet18(attention),
            string path => BackboneFile.Load(path, attention),
        };
    }

    private static void Fill(Tensor weight, SeededRandom random)
    {
        var values = new float[weight.NumberOfElements];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(DpfahNetwork.InitialDeviation * random.NextGaussian());
        }

        Fill(weight, values);
    }

    private static void Fill(Tensor weight, float[] values)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        _ = weight.copy_(tensor(values, weight.shape));
    }
}
