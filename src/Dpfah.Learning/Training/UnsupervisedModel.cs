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

/// <summary>The methods without labels: a backbone as it is, and a hash layer fitted on features of the training pictures.</summary>
public static class UnsupervisedModel
{
    /// <summary>Iterative quantisation.</summary>
    public const string Itq = "itq";

    /// <summary>Principal components: iterative quantisation without its rotation.</summary>
    public const string Pca = "pca";

    /// <summary>Random projections, LSH's family for angles.</summary>
    public const string Lsh = "lsh";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Methods { get; } = [Itq, Pca, Lsh];

    /// <summary>Side of the network's input unless set: that of the first model, which <c>first-model-choices</c> in the benchmarks' results chose.</summary>
    public static int DefaultSide => FirstModel.Preprocessing.Crop;

    /// <summary>The options of a training whose network is the one that is fitted behind: ResNet18, without the attention unless a parent has it.</summary>
    /// <param name="options">Those of the run.</param>
    /// <param name="parent">The model whose backbone is taken; null for that of ImageNet.</param>
    public static TrainingOptions NetworkOf(TrainingOptions options, ParentModel? parent = null) =>
        options with { Backbone = ResNet18.Architecture, Attention = parent?.Attention ?? AttentionOptions.None };

    /// <summary>The same for a model that was fitted.</summary>
    /// <param name="options">Those of the run.</param>
    /// <param name="folder">Folder of the fitted model, which tells of the attention.</param>
    internal static TrainingOptions NetworkOf(TrainingOptions options, string folder) => options with
    {
        Backbone = ResNet18.Architecture,
        Attention = ModelHead.Read(TrainedModel.Files(folder).HeadPath).Description.Backbone.Attention ? AttentionOptions.Paper : AttentionOptions.None,
    };

    /// <summary>Fits and writes a model.</summary>
    /// <param name="method">One of <see cref="Methods"/>.</param>
    /// <param name="options">Bits, side of the input, seed, threads and device are used.</param>
    /// <param name="pictures">What it is fitted on.</param>
    /// <param name="folder">Folder of the model.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <param name="parent">The model whose backbone is taken; null for that of ImageNet.</param>
    /// <param name="name">Name of the model; null for one of method, data set and bits.</param>
    /// <param name="progress">Told the share of the pictures that the network has seen.</param>
    /// <returns>Digest of the model.</returns>
    /// <exception cref="InvalidDataException">Not more pictures than bits, or one that cannot be read.</exception>
    public static string Fit(
        string method,
        TrainingOptions options,
        TrainingPictures pictures,
        string folder,
        CancellationToken cancellationToken,
        ParentModel? parent = null,
        string? name = null,
        Action<double>? progress = null)
    {
        if (pictures.Pictures.Count <= options.Bits)
        {
            throw new InvalidDataException($"A hash layer of {options.Bits} bits is fitted on more than {options.Bits} pictures; there are {pictures.Pictures.Count}.");
        }

        Native.TorchRuntime.Initialize(options.Threads);
        Directory.CreateDirectory(folder);
        ModelFiles files = TrainedModel.Files(folder);
        BackboneDescription backbone = WriteBackbone(files.BackbonePath, parent);
        Preprocessing preprocessing = Trainer.PreprocessingOf(options);
        using DisposeScope scope = NewDisposeScope();
        using FeatureExtractor extractor = TrainedModel.Open(NetworkOf(options, parent), files.BackbonePath, preprocessing);
        Tensor features = extractor.Extract(pictures.Pictures, progress, cancellationToken);
        HashLayer layer = method switch
        {
            Itq => Hashing.Itq.Fit(features, options.Bits, seed: options.Seed),
            Pca => PcaHashing.Fit(features, options.Bits),
            Lsh => RandomProjection.Fit(features, options.Bits, options.Seed),
            _ => throw new ArgumentException($"There is no method '{method}' without labels; there are {string.Join(", ", Methods)}.", nameof(method)),
        };
        var description = new ModelDescription
        {
            Name = name ?? $"{method}-{pictures.Pictures.Dataset.Name}-{options.Bits}",
            Method = method,
            Bits = options.Bits,
            Backbone = backbone,
            Preprocessing = preprocessing,
            Parameters = new Dictionary<string, string>
            {
                ["dataset"] = pictures.Pictures.Dataset.Name,
                ["trainingPictures"] = pictures.Pictures.Count.ToString(CultureInfo.InvariantCulture),
                ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
            },
        };
        if (parent is not null)
        {
            description = description with { Parameters = new Dictionary<string, string>(description.Parameters) { ["parent"] = parent.Digest } };
        }

        new ModelHead(description, layer, Signature.Fit(features)).Write(files.HeadPath);
        return TrainedModel.Digest(folder);
    }

    private static BackboneDescription WriteBackbone(string path, ParentModel? parent)
    {
        if (parent is null)
        {
            return new BackboneDescription(ResNet18.Architecture, LastStageBlocks: 2, Attention: false, ImageNetBackbone.Write(lastStageBlocks: 2, path));
        }

        File.Copy(parent.BackbonePath, path, overwrite: true);
        return parent.Head.Description.Backbone;
    }
}
