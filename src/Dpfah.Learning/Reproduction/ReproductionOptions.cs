using Dpfah.Learning.Datasets;
using Dpfah.Learning.Losses;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Reproduction;

/// <summary>At which scale the paper's experiments are repeated.</summary>
public sealed record ReproductionOptions
{
    /// <summary>Name of a <see cref="DatasetEntry"/>.</summary>
    public required string Dataset { get; init; }

    /// <summary>Folder of the data set; null for where it is by default.</summary>
    public string? Data { get; init; }

    /// <summary>How the data set is split; null for its protocol.</summary>
    public SplitRule? Split { get; init; }

    /// <summary>Code lengths of the tables, in bits.</summary>
    public IReadOnlyList<int> Bits { get; init; } = [16, 32, 48, 64];

    /// <summary>The length at which there are several seeds, the ablation and the sensitivities.</summary>
    public int ReferenceBits { get; init; } = 48;

    /// <summary>Seeds at the reference length; the other lengths have the first one only.</summary>
    public IReadOnlyList<ulong> Seeds { get; init; } = [1, 2, 3];

    /// <summary>Names of the trained methods.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [.. HashingMethod.All.Select(m => m.Name)];

    /// <summary>What all trainings have in common: epochs, side, threads, device.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>A file of AlexNet's pretrained weights for the ablation's baseline (safetensors, torchvision's names); null leaves that row out.</summary>
    public string? AlexNetWeights { get; init; }

    /// <summary>Training pictures of each class held out for the validation curves.</summary>
    public int HoldOut { get; init; } = 50;

    /// <summary>
    /// The defaults for a data set. For the paper's sets: 224 pixels, 150 epochs, a constant rate. For the small pictures of Fashion-MNIST: 64
    /// pixels, 15 epochs, a tenth of the rate for the last five, as chosen on pictures held out (docs/reproduction/fashion-mnist).
    /// </summary>
    /// <param name="dataset">Name of the data set.</param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static ReproductionOptions For(string dataset)
    {
        DatasetEntry entry = DatasetCatalogue.Find(dataset);
        bool small = dataset.StartsWith(FashionMnist.Name, StringComparison.Ordinal);
        return new ReproductionOptions
        {
            Dataset = dataset,
            Training = new TrainingOptions
            {
                Epochs = small ? 15 : 150,
                LearningRateStep = small ? 10 : 0,
                ImageSide = small ? 64 : 224,
                Augmentation = entry.Protocol.CropAndFlip ? Augmentation.CropAndFlip : Augmentation.None,
                Threads = Environment.ProcessorCount,
            },
        };
    }
}
