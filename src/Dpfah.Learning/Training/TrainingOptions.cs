using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Dpfah.Core.Codes;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Networks;

namespace Dpfah.Learning.Training;

/// <summary>What becomes of a picture before the network sees it in training.</summary>
public enum Augmentation
{
    /// <summary>Nothing: the shorter side is resized to the side of the input, the middle is taken, as for codes.</summary>
    None,

    /// <summary>The shorter side is resized to 256/224 of the input's side; a random square of it, mirrored every other time.</summary>
    CropAndFlip,
}

/// <summary>Everything that decides how a training ends but the pictures: written as <c>run.json</c>, enough to repeat the run.</summary>
public sealed record TrainingOptions
{
    /// <summary>The word of <see cref="Weights"/> for a training that starts from a model.</summary>
    public const string OfParent = "parent";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        WriteIndented = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>Name of a <see cref="HashingMethod"/>.</summary>
    public string Method { get; init; } = "dpfah";

    /// <summary>Options of the method's loss that differ from their defaults.</summary>
    public JsonObject Loss { get; init; } = [];

    /// <summary>Length of the codes in bits, a multiple of 8.</summary>
    public int Bits { get; init; } = 64;

    /// <summary>Passes over the training pictures, at least 1.</summary>
    public int Epochs { get; init; } = 30;

    /// <summary>Pictures in a batch, at least 2.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>lr of RMSProp.</summary>
    public double LearningRate { get; init; } = 5e-5;

    /// <summary>Epochs after which the learning rate falls to a tenth, again and again; 0 for a constant rate.</summary>
    public int LearningRateStep { get; init; }

    /// <summary>wd of RMSProp.</summary>
    public double WeightDecay { get; init; } = 1e-5;

    /// <summary>Side of the network's input in pixels, a multiple of 32.</summary>
    public int ImageSide { get; init; } = 64;

    /// <summary>What becomes of a picture in training.</summary>
    public Augmentation Augmentation { get; init; } = Augmentation.None;

    /// <summary><c>resnet18</c>, or <c>alexnet</c> for the ablation's baseline.</summary>
    public string Backbone { get; init; } = ResNet18.Architecture;

    /// <summary>The attention; null for what the method has.</summary>
    public AttentionOptions? Attention { get; init; }

    /// <summary>Whether the class layer takes u in place of φ, which is not the paper's network.</summary>
    public bool ClassesFromCode { get; init; }

    /// <summary>
    /// Where the backbone starts: <c>imagenet</c>, <c>random</c>, <see cref="OfParent"/>, or the path of a backbone file.
    /// </summary>
    public string Weights { get; init; } = "imagenet";

    /// <summary>
    /// Digest of the model that the training starts from; null for none. Its backbone is taken, and its hash layer where the bits agree.
    /// <see cref="Weights"/> is then <see cref="OfParent"/>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Parent { get; init; }

    /// <summary>Training pictures of each class that are held out to choose settings by; 0 for none.</summary>
    public int HoldOut { get; init; }

    /// <summary>Epochs from one measurement on the pictures held out to the next.</summary>
    public int ValidateEvery { get; init; } = 1;

    /// <summary>Seed of the first weights, the order of the pictures and the augmentation.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads of one operation. Part of the options: sums depend on it in their last bits.</summary>
    public int Threads { get; init; } = 1;

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:n</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>The attention that the network has; AlexNet has none.</summary>
    [JsonIgnore]
    public AttentionOptions EffectiveAttention =>
        Attention ?? (Backbone != AlexNet.Architecture && HashingMethod.Named(Method).Attention ? AttentionOptions.Paper : AttentionOptions.None);

    /// <summary>Learning rate of an epoch.</summary>
    /// <param name="epoch">From 0.</param>
    public double LearningRateOf(int epoch) => LearningRateStep == 0 ? LearningRate : LearningRate * Math.Pow(0.1, epoch / LearningRateStep);

    /// <summary>The options as JSON, with all defaults written out.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        this with { Loss = HashingMethod.Named(Method).Complete(Loss), Attention = EffectiveAttention }, Json);

    /// <summary>Reads options.</summary>
    /// <exception cref="ArgumentException">Not the JSON of options, an unknown name, or a value out of range; the message says which.</exception>
    public static TrainingOptions FromJson(string json)
    {
        try
        {
            TrainingOptions options = JsonSerializer.Deserialize<TrainingOptions>(json, Json)
                ?? throw new ArgumentException("The options are null.", nameof(json));
            options.ThrowIfInvalid();
            return options;
        }
        catch (JsonException error)
        {
            throw new ArgumentException($"The options cannot be read: {error.Message}", nameof(json), error);
        }
    }

    /// <summary>How other options differ from these, in words; null when they do not.</summary>
    /// <param name="now">The others.</param>
    public string? DifferencesTo(TrainingOptions now)
    {
        using JsonDocument nothing = JsonDocument.Parse("null");
        JsonElement absent = nothing.RootElement;
        using JsonDocument left = JsonDocument.Parse(ToJson());
        using JsonDocument right = JsonDocument.Parse(now.ToJson());
        string[] differences =
        [
            .. right.RootElement.EnumerateObject()
                .Select(option => (option.Name, Now: option.Value, Then: left.RootElement.TryGetProperty(option.Name, out JsonElement then) ? then : absent))
                .Where(option => !JsonElement.DeepEquals(option.Now, option.Then))
                .Select(option => $"{option.Name} is {Text(option.Now)}, there it was {Text(option.Then)}"),
        ];
        return differences.Length == 0 ? null : string.Join("; ", differences);

        static string Text(JsonElement value) => string.Join(' ', value.GetRawText().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    /// <exception cref="ArgumentException">A value is out of range; the message says which, and all that are.</exception>
    public void ThrowIfInvalid()
    {
        var faults = new List<string>();
        void Require(bool condition, string fault)
        {
            if (!condition)
            {
                faults.Add(fault);
            }
        }

        HashingMethod? method = HashingMethod.All.FirstOrDefault(m => m.Name == Method);
        Require(method is not null, $"method is '{Method}'; it is one of {string.Join(", ", HashingMethod.All.Select(m => m.Name))}");
        Require(Bits is >= 8 and <= BinaryCode.MaxBits && Bits % 8 == 0, $"bits is {Bits}; it is a multiple of 8 up to {BinaryCode.MaxBits}");
        Require(Epochs is >= 1 and <= 100_000, $"epochs is {Epochs}; it is from 1 to 100000");
        Require(BatchSize is >= 2 and <= 65_536, $"batchSize is {BatchSize}; it is from 2 to 65536");
        Require(LearningRate is > 0 and <= 10, $"learningRate is {LearningRate}; it is above 0, up to 10");
        Require(LearningRateStep >= 0, $"learningRateStep is {LearningRateStep}; it is not negative");
        Require(WeightDecay is >= 0 and <= 1, $"weightDecay is {WeightDecay}; it is from 0 to 1");
        Require(ImageSide is >= 32 and <= 1024 && ImageSide % 32 == 0, $"imageSide is {ImageSide}; it is a multiple of 32 up to 1024");
        Require(Backbone is ResNet18.Architecture or AlexNet.Architecture, $"backbone is '{Backbone}'; it is {ResNet18.Architecture} or {AlexNet.Architecture}");
        Require(Backbone != AlexNet.Architecture || ImageSide >= 64, $"imageSide is {ImageSide}; {AlexNet.Architecture} needs at least 64");
        Require(Backbone != AlexNet.Architecture || Weights != "imagenet", $"weights is 'imagenet'; for {AlexNet.Architecture} there are none here: use 'random'");
        Require(
            Backbone != AlexNet.Architecture || Attention is null || Attention.Mode == AttentionMode.Off,
            $"attention is {Attention?.Mode.ToString().ToLowerInvariant()}; {AlexNet.Architecture} has no place for it: use 'off'");
        Require(Backbone != AlexNet.Architecture || Parent is null, $"parent is given; {AlexNet.Architecture} starts from none");
        Require(
            Parent is null == (Weights != OfParent),
            $"weights is '{Weights}' and parent is {Parent ?? "not given"}; '{OfParent}' and the digest of a model belong together");
        Require(
            Attention is null || (Attention.Lambda > 0 && double.IsFinite(Attention.Lambda)), $"attention.lambda is {Attention?.Lambda}; it is above 0");
        Require(HoldOut >= 0, $"holdOut is {HoldOut}; it is not negative");
        Require(ValidateEvery >= 1, $"validateEvery is {ValidateEvery}; it is at least 1");
        Require(Threads is >= 1 and <= 256, $"threads is {Threads}; it is from 1 to 256");
        if (faults.Count > 0)
        {
            throw new ArgumentException($"The options cannot be used: {string.Join("; ", faults)}.");
        }

        _ = method!.Complete(Loss);
    }
}
