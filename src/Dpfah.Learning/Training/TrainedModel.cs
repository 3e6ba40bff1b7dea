using System.Globalization;
using System.Text.Json.Nodes;
using Dpfah.Core.Models;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Models;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Training;

/// <summary>
/// What a training leaves: a folder with <c>backbone.safetensors</c> and <c>head.safetensors</c>, as a service loads them. A network
/// that only experiments have (AlexNet, another form of the attention) has <c>layers.safetensors</c> in place of the head.
/// </summary>
public sealed class TrainedModel : IDisposable
{
    private const string BackboneName = "backbone.safetensors";
    private const string HeadName = "head.safetensors";
    private const string LayersName = "layers.safetensors";
    private readonly FeatureExtractor extractor;

    private TrainedModel(FeatureExtractor extractor, HashLayer hashLayer, Signature signature)
    {
        this.extractor = extractor;
        HashLayer = hashLayer;
        Signature = signature;
    }

    /// <summary>From the feature to the real code.</summary>
    public HashLayer HashLayer { get; }

    /// <summary>From the feature to the fine code.</summary>
    public Signature Signature { get; }

    /// <summary>The two files of a model that a service can load.</summary>
    /// <param name="folder">Folder of the model.</param>
    public static ModelFiles Files(string folder) => new(Path.Combine(folder, BackboneName), Path.Combine(folder, HeadName));

    /// <summary>Whether a folder holds a finished model.</summary>
    public static bool Exists(string folder) =>
        File.Exists(Path.Combine(folder, HeadName)) || File.Exists(Path.Combine(folder, LayersName));

    /// <summary>Digest of a finished model: of all tensors, and of what else decides about codes. Hex of SHA-256.</summary>
    /// <param name="folder">Folder of the model.</param>
    public static string Digest(string folder)
    {
        ModelFiles files = Files(folder);
        return File.Exists(files.HeadPath)
            ? ModelHead.Read(files.HeadPath).Description.DigestWith(BackboneFile.Digest(files.HeadPath))
            : $"{BackboneFile.Digest(files.BackbonePath)[..32]}{BackboneFile.Digest(Path.Combine(folder, LayersName))[..32]}";
    }

    /// <summary>Whether a service can load what these options train.</summary>
    public static bool IsForServices(TrainingOptions options) =>
        options.Backbone == ResNet18.Architecture && (options.EffectiveAttention.Mode == AttentionMode.Off || options.EffectiveAttention == AttentionOptions.Paper);

    /// <summary>Writes the model of a trainer. The head comes last: where it is, the model is complete.</summary>
    /// <param name="trainer">At the end of its training.</param>
    /// <param name="folder">Folder of the model; made where it is missing.</param>
    /// <param name="name">Name of the model among those of a service.</param>
    /// <param name="cancellationToken">Stops while the signature's centre is computed.</param>
    public static void Write(Trainer trainer, string folder, string name, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        ModelFiles files = Files(folder);
        using DisposeScope scope = NewDisposeScope();
        SafetensorsWriter.Write(files.BackbonePath, BackboneFile.Tensors(trainer.Network.Backbone));
        using FeatureExtractor extractor = Open(trainer.Options, files.BackbonePath, trainer.Preprocessing);
        var signature = Signature.Fit(extractor.Extract(trainer.Pictures, null, cancellationToken));
        var layer = new HashLayer(HashFitting.Floats(trainer.Network.HashLayer.weight), HashFitting.Floats(trainer.Network.HashLayer.bias!));
        if (!IsForServices(trainer.Options))
        {
            WriteLayers(Path.Combine(folder, LayersName), layer, signature, trainer.Options);
            return;
        }

        (float[], float[])? classes = trainer.Options.ClassesFromCode
            ? null
            : (HashFitting.Floats(trainer.Network.ClassLayer.weight), HashFitting.Floats(trainer.Network.ClassLayer.bias!));
        new ModelHead(Describe(trainer, name, files.BackbonePath, classes is not null), layer, signature) { ClassLayer = classes }.Write(files.HeadPath);
    }

    /// <summary>Copies a model that services can load.</summary>
    /// <param name="source">Folder of the model.</param>
    /// <param name="target">Folder to write; made where it is missing.</param>
    /// <param name="half">
    /// Whether the filters of convolutions, nearly all of the file, are written in 16 bits. Statistics and scales of batch norm stay in 32:
    /// some are beyond the range of 16 bits.
    /// </param>
    /// <returns>Digest of the copy.</returns>
    /// <exception cref="InvalidDataException">There is no such model, or a file is damaged.</exception>
    public static string Export(string source, string target, bool half)
    {
        ModelFiles from = Files(source);
        if (!File.Exists(from.HeadPath))
        {
            throw new InvalidDataException($"'{source}' holds no finished model that a service can load.");
        }

        Directory.CreateDirectory(target);
        ModelFiles to = Files(target);
        using DisposeScope scope = NewDisposeScope();
        SafetensorsWriter.Write(to.BackbonePath, SafetensorsReader.Read(from.BackbonePath).ToDictionary(
            pair => pair.Key, pair => half && pair.Value.dim() == 4 ? pair.Value.to_type(ScalarType.Float16) : pair.Value));
        ModelHead head = ModelHead.Read(from.HeadPath);
        ModelDescription description = head.Description with
        {
            Backbone = head.Description.Backbone with { Digest = BackboneFile.Digest(to.BackbonePath) },
        };
        new ModelHead(description, head.HashLayer, head.Signature) { ClassLayer = head.ClassLayer }.Write(to.HeadPath);
        return Digest(target);
    }

    /// <summary>Writes into a model's description what was measured; its digest stays.</summary>
    /// <param name="folder">Folder of a model that services can load; others are left as they are.</param>
    /// <param name="metrics">Figures by name.</param>
    public static void WriteMetrics(string folder, IReadOnlyDictionary<string, double> metrics)
    {
        string path = Files(folder).HeadPath;
        if (File.Exists(path))
        {
            ModelHead head = ModelHead.Read(path);
            new ModelHead(head.Description with { Metrics = metrics }, head.HashLayer, head.Signature) { ClassLayer = head.ClassLayer }.Write(path);
        }
    }

    /// <summary>Refuses a model that was trained by other options than those given, as far as its file tells them.</summary>
    /// <param name="folder">Folder of the model.</param>
    /// <param name="options">The options of its run.</param>
    /// <exception cref="InvalidDataException">The model is of other options; the message says which. Or a file is damaged.</exception>
    public static void ThrowIfOfOthers(string folder, TrainingOptions options)
    {
        string head = Files(folder).HeadPath;
        string path = File.Exists(head) ? head : Path.Combine(folder, LayersName);
        IReadOnlyDictionary<string, string> then = File.Exists(head) ? Parameters(ModelHead.Read(head).Description) : SafetensorsFile.Open(path).Metadata;

        // A model fitted without labels tells no epochs, an older one no steps of the rate: what is not told is not compared.
        string[] differences =
        [
            .. Parameters(options)
                .Where(now => then.TryGetValue(now.Key, out string? value) && value != now.Value)
                .Select(now => $"{now.Key} is {now.Value}, in the model it is {then[now.Key]}"),
        ];
        if (differences.Length > 0)
        {
            throw new InvalidDataException(
                $"'{path}' is of a training with other options: {string.Join("; ", differences)}. The {RunFile.FileName} of the run was changed: restore it.");
        }
    }

    /// <summary>Opens a finished model.</summary>
    /// <param name="folder">Folder of the model.</param>
    /// <param name="options">The options that it was trained by.</param>
    /// <exception cref="InvalidDataException">A file is damaged, or the model was trained by other options.</exception>
    public static TrainedModel Open(string folder, TrainingOptions options)
    {
        ThrowIfOfOthers(folder, options);
        ModelFiles files = Files(folder);
        FeatureExtractor extractor = Open(options, files.BackbonePath, Trainer.PreprocessingOf(options));
        try
        {
            if (File.Exists(files.HeadPath))
            {
                ModelHead head = ModelHead.Read(files.HeadPath);
                return new TrainedModel(extractor, head.HashLayer, head.Signature);
            }

            using DisposeScope scope = NewDisposeScope();
            IReadOnlyDictionary<string, Tensor> layers = SafetensorsReader.Read(Path.Combine(folder, LayersName));
            return new TrainedModel(
                extractor,
                new HashLayer(HashFitting.Floats(layers["hash_layer.weight"]), HashFitting.Floats(layers["hash_layer.bias"])),
                new Signature(HashFitting.Floats(layers["signature.projection"]), HashFitting.Floats(layers["signature.centre"])));
        }
        catch
        {
            extractor.Dispose();
            throw;
        }
    }

    /// <summary>Opens a model that services run, as its own file describes it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="device"><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:n</c>.</param>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static TrainedModel Open(ParentModel model, string device)
    {
        Device chosen = TorchDevice.Choose(device).Device;
        using ResNet18 network = BackboneFile.Load(model.BackbonePath, model.Attention);
        var input = new NetworkInput(ImageDecoders.Create(ImageDecoders.Skia), model.Head.Description.Preprocessing);
        return new TrainedModel(
            new FeatureExtractor(new InferenceBackbone(network, chosen), input), model.Head.HashLayer, model.Head.Signature);
    }

    /// <summary>Features of pictures, from their own pixels, shape (pictures, features) on the CPU; the caller owns them.</summary>
    /// <param name="pictures">The pictures.</param>
    /// <param name="progress">Told the share done.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public Tensor Features(PictureSet pictures, Action<double>? progress, CancellationToken cancellationToken) =>
        extractor.Extract(pictures, progress, cancellationToken);

    /// <summary>Features of pictures by way of their previews, as a service sees them.</summary>
    /// <inheritdoc cref="Features(PictureSet, Action{double}?, CancellationToken)"/>
    internal Tensor Features(IReadOnlyList<byte[]> previews, Action<double>? progress, CancellationToken cancellationToken) =>
        extractor.Extract(previews, progress, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => extractor.Dispose();

    /// <summary>The features of a network at work.</summary>
    internal static FeatureExtractor Open(TrainingOptions options, string backbonePath, Preprocessing preprocessing)
    {
        Device device = TorchDevice.Choose(options.Device).Device;
        var input = new NetworkInput(ImageDecoders.Create(ImageDecoders.Skia), preprocessing);
        if (options.Backbone == ResNet18.Architecture)
        {
            ResNet18 network = BackboneFile.Load(backbonePath, options.EffectiveAttention);
            if (!IsForServices(options))
            {
                network.to(device);
                return new FeatureExtractor(new TrainedBackbone(network), input);
            }

            using (network)
            {
                return new FeatureExtractor(new InferenceBackbone(network, device), input);
            }
        }

        var alexNet = new AlexNet();
        SafetensorsReader.ReadInto(backbonePath, BackboneFile.Tensors(alexNet));
        alexNet.to(device);
        return new FeatureExtractor(new TrainedBackbone(alexNet), input);
    }

    /// <summary>The features of a network in training, as it is now.</summary>
    internal static FeatureExtractor Open(Trainer trainer)
    {
        Device device = TorchDevice.Choose(trainer.Options.Device).Device;
        IFeatureNetwork network = IsForServices(trainer.Options)
            ? new InferenceBackbone((ResNet18)trainer.Network.Backbone, device)
            : new TrainedBackbone(trainer.Network.Backbone, owned: false);
        return new FeatureExtractor(network, new NetworkInput(ImageDecoders.Create(ImageDecoders.Skia), trainer.Preprocessing));
    }

    private static ModelDescription Describe(Trainer trainer, string modelName, string backbonePath, bool hasClasses)
    {
        TrainingOptions options = trainer.Options;
        var parameters = new Dictionary<string, string>
        {
            ["dataset"] = trainer.Pictures.Dataset.Name,
            ["trainingPictures"] = trainer.Pictures.Count.ToString(CultureInfo.InvariantCulture),
            ["signatureSeed"] = Signature.DefaultSeed.ToString(CultureInfo.InvariantCulture),
        };
        foreach ((string name, string value) in TrainingParameters(options))
        {
            parameters.Add(name, value);
        }

        return new ModelDescription
        {
            Name = modelName,
            Method = options.Method,
            Bits = options.Bits,
            Classes = hasClasses ? trainer.Pictures.ClassNames : [],
            Backbone = new BackboneDescription(
                ResNet18.Architecture, ((ResNet18)trainer.Network.Backbone).LastStageBlocks, options.EffectiveAttention.Mode != AttentionMode.Off, BackboneFile.Digest(backbonePath)),
            Preprocessing = trainer.Preprocessing,
            Parameters = parameters,
        };
    }

    /// <summary>What of a training's options a model tells: all that decides about its weights but threads and device.</summary>
    private static Dictionary<string, string> TrainingParameters(TrainingOptions options)
    {
        var parameters = new Dictionary<string, string>
        {
            ["epochs"] = options.Epochs.ToString(CultureInfo.InvariantCulture),
            ["batchSize"] = options.BatchSize.ToString(CultureInfo.InvariantCulture),
            ["learningRate"] = options.LearningRate.ToString(CultureInfo.InvariantCulture),
            ["learningRateStep"] = options.LearningRateStep.ToString(CultureInfo.InvariantCulture),
            ["weightDecay"] = options.WeightDecay.ToString(CultureInfo.InvariantCulture),
            ["augmentation"] = options.Augmentation.ToString(),
            ["weights"] = options.Weights,
            ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
        };
        if (options.Parent is string parent)
        {
            parameters["parent"] = parent;
        }

        foreach ((string option, JsonNode? value) in HashingMethod.Named(options.Method).Complete(options.Loss))
        {
            parameters[$"loss.{option}"] = value!.ToString();
        }

        return parameters;
    }

    /// <summary>Of a run's options what its model tells too, by the names of the options.</summary>
    private static Dictionary<string, string> Parameters(TrainingOptions options)
    {
        Preprocessing input = Trainer.PreprocessingOf(options);
        return new Dictionary<string, string>(TrainingParameters(options))
        {
            ["method"] = options.Method,
            ["bits"] = $"{options.Bits}",
            ["imageSide"] = Side(input),
            ["attention"] = Text(options.EffectiveAttention),
        };
    }

    /// <summary>The same of a model's description.</summary>
    private static Dictionary<string, string> Parameters(ModelDescription description)
    {
        var parameters = new Dictionary<string, string>(description.Parameters)
        {
            ["bits"] = $"{description.Bits}",
            ["imageSide"] = Side(description.Preprocessing),
            ["attention"] = Text(description.Backbone.Attention ? AttentionOptions.Paper : AttentionOptions.None),
        };
        if (parameters.ContainsKey("epochs"))
        {
            parameters["method"] = description.Method; // Those fitted without labels are no method of a training's options.
        }

        return parameters;
    }

    private static string Side(Preprocessing input) => input.Resize == input.Crop ? $"{input.Crop}" : $"{input.Crop} of {input.Resize}";

    private static string Text(AttentionOptions attention) => attention.Mode == AttentionMode.Off
        ? "off"
        : string.Create(CultureInfo.InvariantCulture, $"{attention.Mode.ToString().ToLowerInvariant()} (divisor {(attention.DivideByM ? "M" : "M - 1")}, lambda {attention.Lambda})");

    private static void WriteLayers(string path, HashLayer layer, Signature signature, TrainingOptions options)
    {
        using DisposeScope scope = NewDisposeScope();
        SafetensorsWriter.Write(path, new Dictionary<string, Tensor>
        {
            ["hash_layer.weight"] = tensor(layer.Weight.ToArray(), [layer.Bits, layer.Features]),
            ["hash_layer.bias"] = tensor(layer.Bias.ToArray()),
            ["signature.projection"] = tensor(signature.Projection.ToArray(), [signature.Projection.Count / layer.Features, layer.Features]),
            ["signature.centre"] = tensor(signature.Centre.ToArray()),
        }, Parameters(options));
    }
}
