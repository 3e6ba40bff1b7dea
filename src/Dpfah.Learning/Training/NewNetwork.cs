using Dpfah.Learning.Datasets;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Training;

/// <summary>The network before its first batch.</summary>
internal static class NewNetwork
{
    /// <summary>Backbone with its first weights, branches drawn from N(0, 0.01²) by the run's seed.</summary>
    /// <exception cref="FileNotFoundException">There is no file of weights.</exception>
    /// <exception cref="InvalidDataException">The file of weights is damaged or holds another network.</exception>
    public static DpfahNetwork Create(TrainingOptions options, int classes)
    {
        manual_seed((long)options.Seed);
        var network = new DpfahNetwork(Backbone(options), options.Bits, classes, options.ClassesFromCode);
        var random = new SeededRandom(options.Seed);
        Fill(network.HashLayer.weight, random);
        Fill(network.ClassLayer.weight, random);
        return network;
    }

    private static Backbone Backbone(TrainingOptions options)
    {
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
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        var values = new float[weight.NumberOfElements];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(DpfahNetwork.InitialDeviation * random.NextGaussian());
        }

        _ = weight.copy_(tensor(values, weight.shape));
    }
}
