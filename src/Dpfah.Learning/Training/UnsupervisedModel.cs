using System.Globalization;
using Dpfah.Core.Models;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Training;

/// <summary>The methods without labels: the pretrained backbone as it is, and a hash layer fitted on features of the training pictures.</summary>
public static class UnsupervisedModel
{
    /// <summary>Iterative quantisation.</summary>
    public const string Itq = "itq";

    /// <summary>Random projections, LSH's family for angles.</summary>
    public const string Lsh = "lsh";

    /// <summary>The options of a training whose network is the one that is fitted on: ResNet18 without the attention.</summary>
    public static TrainingOptions NetworkOf(TrainingOptions options) =>
        options with { Backbone = ResNet18.Architecture, Attention = AttentionOptions.None };

    /// <summary>Fits and writes a model.</summary>
    /// <param name="method"><see cref="Itq"/> or <see cref="Lsh"/>.</param>
    /// <param name="options">Bits, side of the input, seed, threads and device are used.</param>
    /// <param name="pictures">What it is fitted on.</param>
    /// <param name="folder">Folder of the model.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <returns>Digest of the model.</returns>
    public static string Fit(
        string method, TrainingOptions options, TrainingPictures pictures, string folder, CancellationToken cancellationToken)
    {
        Native.TorchRuntime.Initialize(options.Threads);
        Directory.CreateDirectory(folder);
        ModelFiles files = TrainedModel.Files(folder);
        string digest = ImageNetBackbone.Write(lastStageBlocks: 2, files.BackbonePath);
        Preprocessing preprocessing = Trainer.PreprocessingOf(options);
        using DisposeScope scope = NewDisposeScope();
        using FeatureExtractor extractor = TrainedModel.Open(NetworkOf(options), files.BackbonePath, preprocessing);
        Tensor features = extractor.Extract(pictures.Pictures, null, cancellationToken);
        HashLayer layer = method == Itq
            ? Hashing.Itq.Fit(features, options.Bits, seed: options.Seed)
            : RandomProjection.Fit(features, options.Bits, options.Seed);
        var description = new ModelDescription
        {
            Name = $"{method}-{pictures.Pictures.Dataset.Name}-{options.Bits}",
            Method = method,
            Bits = options.Bits,
            Backbone = new BackboneDescription(ResNet18.Architecture, LastStageBlocks: 2, Attention: false, digest),
            Preprocessing = preprocessing,
            Parameters = new Dictionary<string, string>
            {
                ["dataset"] = pictures.Pictures.Dataset.Name,
                ["trainingPictures"] = pictures.Pictures.Count.ToString(CultureInfo.InvariantCulture),
                ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
            },
        };
        new ModelHead(description, layer, Signature.Fit(features)).Write(files.HeadPath);
        return TrainedModel.Digest(folder);
    }
}
