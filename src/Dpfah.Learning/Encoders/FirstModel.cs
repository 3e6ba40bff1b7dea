using System.Globalization;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Core.Models;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Models;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;
using static TorchSharp.torch;

namespace Dpfah.Learning.Encoders;

/// <summary>
/// The model that needs no labels: ImageNet weights, no attention, and a hash layer fitted by ITQ on the pictures of the bundled
/// sample. For codes of 64 bits the fitted head comes with this assembly; other lengths are fitted at the first start.
/// </summary>
public sealed class FirstModel : IFirstModel
{
    /// <summary>Length of the codes unless set.</summary>
    public const int DefaultBits = 64;

    /// <summary>Blocks of the backbone's last stage; see <c>first-model-choices</c> in the benchmarks' results.</summary>
    public const int LastStageBlocks = 2;

    private const string Resource = "itq-64.safetensors";

    private readonly IImageDecoder decoder;
    private readonly TorchDevice device;
    private readonly int bits;
    private readonly Func<IReadOnlyList<SamplePicture>> pictures;

    /// <summary>Prepares the making of a model; nothing is computed yet.</summary>
    /// <param name="decoder">Makes and reads the previews that a head is fitted on.</param>
    /// <param name="device">Where their features are computed.</param>
    /// <param name="bits">Length of the codes, a multiple of 8 from 8 to 512.</param>
    public FirstModel(IImageDecoder decoder, TorchDevice device, int bits = DefaultBits)
        : this(decoder, device, bits, FashionSample.ReadDatabase)
    {
    }

    /// <summary>The same, fitted on other pictures where a head has to be fitted.</summary>
    internal FirstModel(IImageDecoder decoder, TorchDevice device, int bits, Func<IReadOnlyList<SamplePicture>> pictures)
    {
        BinaryCode.ThrowIfInvalidLength(bits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, ResNet18.FeatureLength);
        this.decoder = decoder;
        this.device = device;
        this.bits = bits;
        this.pictures = pictures;
    }

    /// <summary>From a preview to the network's input; see <c>first-model-choices</c> in the benchmarks' results.</summary>
    public static Preprocessing Preprocessing { get; } = ImageNetBackbone.Preprocessing with { Resize = 128, Crop = 128 };

    /// <inheritdoc/>
    public string Name => $"itq-{bits}";

    /// <inheritdoc/>
    public ModelFiles Create(string folder, IProgress<(string Step, double Done)>? progress, CancellationToken cancellationToken)
    {
        var files = new ModelFiles(Path.Combine(folder, "backbone.safetensors"), Path.Combine(folder, $"{Name}.safetensors"));
        BackboneDescription expected = BundledDescription().Backbone;
        if (!IsBackbone(files.BackbonePath, expected.Digest))
        {
            progress?.Report(("Converting the ImageNet weights", 0));
            string digest = ImageNetBackbone.Write(LastStageBlocks, files.BackbonePath);
            if (digest != expected.Digest)
            {
                throw new InvalidDataException(
                    $"The converted ImageNet weights have the digest {digest}; the bundled model needs {expected.Digest}.");
            }

            progress?.Report(("Converting the ImageNet weights", 1));
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (!IsHead(files.HeadPath, expected))
        {
            if (bits == DefaultBits)
            {
                using Stream bundled = OpenBundled();
                AtomicFile.Write(files.HeadPath, bundled.CopyTo);
            }
            else
            {
                Fit(files.BackbonePath, progress, cancellationToken).Write(files.HeadPath);
            }
        }

        return files;
    }

    /// <summary>Fits a head on the sample.</summary>
    /// <param name="backbonePath">The converted ImageNet weights.</param>
    /// <param name="progress">Told the share of the pictures that the network has seen.</param>
    /// <param name="cancellationToken">Stops the work between batches.</param>
    internal ModelHead Fit(string backbonePath, IProgress<(string Step, double Done)>? progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<SamplePicture> sample = pictures();
        using Tensor features = Features(
            backbonePath,
            [.. sample.Select(p => p.Bytes)],
            share => progress?.Report(("Computing features of the sample", share)),
            cancellationToken);
        return Fit(features, [.. sample.Select(p => p.Label)], BackboneFile.Digest(backbonePath));
    }

    /// <summary>Fits a head on features of the sample.</summary>
    /// <param name="features">Shape (pictures, 512).</param>
    /// <param name="labels">Label of each picture; only measured with.</param>
    /// <param name="backboneDigest">Digest of the backbone that gave the features.</param>
    internal ModelHead Fit(Tensor features, IReadOnlyList<string> labels, string backboneDigest)
    {
        HashLayer layer = Itq.Fit(features, bits);
        BinaryCode[] codes =
        [
            .. HashFitting.Floats(features).Chunk(ResNet18.FeatureLength).Select(phi => BinaryCode.FromSigns(layer.RealCode(phi))),
        ];
        var description = new ModelDescription
        {
            Name = Name,
            Method = "itq",
            Bits = bits,
            Backbone = new BackboneDescription(ResNet18.Architecture, LastStageBlocks, Attention: false, backboneDigest),
            Preprocessing = Preprocessing,
            Parameters = new Dictionary<string, string>
            {
                ["pictures"] = "fashion-mnist-sample",
                ["previewDecoder"] = decoder.Name,
                ["iterations"] = Itq.DefaultIterations.ToString(CultureInfo.InvariantCulture),
                ["seed"] = Itq.DefaultSeed.ToString(CultureInfo.InvariantCulture),
                ["signatureSeed"] = Signature.DefaultSeed.ToString(CultureInfo.InvariantCulture),
            },
            Metrics = new Dictionary<string, double>
            {
                ["precisionAt10"] = Math.Round(PrecisionAtN.LeaveOneOut(codes, labels, 10), 4),
            },
        };
        return new ModelHead(description, layer, Signature.Fit(features));
    }

    /// <summary>Features of pictures by way of their previews, shape (pictures, 512); the caller owns them.</summary>
    internal Tensor Features(
        string backbonePath, IReadOnlyList<byte[]> files, Action<double>? progress, CancellationToken cancellationToken)
    {
        var maker = new PreviewMaker(decoder);
        byte[][] previews =
        [
            .. files.Select(file => maker.Make(file).Preview?.Jpeg
                ?? throw new ArgumentException("A picture cannot be decoded.", nameof(files))),
        ];
        using ResNet18 network = BackboneFile.Load(backbonePath, attention: false);
        using var extractor = new FeatureExtractor(
            new InferenceBackbone(network, device.Device), new NetworkInput(decoder, Preprocessing));
        return extractor.Extract(previews, progress, cancellationToken);
    }

    /// <summary>The description of the head that comes with this assembly.</summary>
    internal static ModelDescription BundledDescription()
    {
        using Stream stream = OpenBundled();
        return ModelDescription.FromJson(SafetensorsFile.Read(stream).Metadata[ModelDescription.MetadataKey]);
    }

    private static Stream OpenBundled() =>
        typeof(FirstModel).Assembly.GetManifestResourceStream(Resource)
        ?? throw new InvalidOperationException($"The assembly was built without its resource {Resource}.");

    private static bool IsBackbone(string path, string digest) => IsIntact(path, () => BackboneFile.Digest(path) == digest);

    private bool IsHead(string path, BackboneDescription backbone) => IsIntact(path, () =>
    {
        ModelDescription found = ModelHead.Read(path).Description;
        return found.Bits == bits && found.Backbone == backbone && SameInput(found.Preprocessing, Preprocessing);
    });

    private static bool SameInput(Preprocessing a, Preprocessing b) =>
        (a.Resize, a.Crop) == (b.Resize, b.Crop) && a.Mean.SequenceEqual(b.Mean) && a.Std.SequenceEqual(b.Std);

    /// <summary>Whether a file is there and is what it should be. A damaged one is made anew.</summary>
    private static bool IsIntact(string path, Func<bool> check)
    {
        try
        {
            return File.Exists(path) && check();
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
