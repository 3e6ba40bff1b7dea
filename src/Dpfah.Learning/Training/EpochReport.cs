using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dpfah.Learning.Training;

/// <summary>What one epoch did: a line of a run's <c>metrics.jsonl</c>.</summary>
public sealed record EpochReport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>From 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>Epochs of the whole training.</summary>
    public required int Epochs { get; init; }

    /// <summary>Mean of the loss over pictures.</summary>
    public required double Loss { get; init; }

    /// <summary>Means of the parts of the loss, before their weights.</summary>
    public required IReadOnlyDictionary<string, double> Parts { get; init; }

    /// <summary>Learning rate of this epoch.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Largest length of the gradient in a batch.</summary>
    public required double LargestGradient { get; init; }

    /// <summary>Pictures seen.</summary>
    public required int Pictures { get; init; }

    /// <summary>Duration without measurement and checkpoint.</summary>
    public required double Seconds { get; init; }

    /// <summary>Share of that time in which the network waited for pictures.</summary>
    public required double WaitingShare { get; init; }

    /// <summary>Largest resident memory of the process so far, in MiB.</summary>
    public required double PeakMemoryMiB { get; init; }

    /// <summary>Figures on the pictures held out, by name; null in an epoch without measurement.</summary>
    public IReadOnlyDictionary<string, double>? Validation { get; init; }

    /// <summary>Pictures a second.</summary>
    [JsonIgnore]
    public double PicturesPerSecond => Pictures / Seconds;

    /// <summary>The report as a line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads a line.</summary>
    /// <exception cref="JsonException">Not such a line.</exception>
    public static EpochReport FromJson(string line) => JsonSerializer.Deserialize<EpochReport>(line, Json) ?? throw new JsonException("The line is null.");
}

/// <summary>How far a training is, between two batches.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Epochs">Epochs of the whole training.</param>
/// <param name="PicturesDone">Pictures of this epoch seen.</param>
/// <param name="Pictures">Pictures of an epoch.</param>
/// <param name="Loss">Mean of the loss in this epoch so far.</param>
/// <param name="Parts">Means of its parts.</param>
/// <param name="PicturesPerSecond">Speed in this epoch so far.</param>
/// <param name="TimeLeft">Until the last epoch ends, at this speed.</param>
public sealed record TrainingProgress(
    int Epoch,
    int Epochs,
    int PicturesDone,
    int Pictures,
    double Loss,
    IReadOnlyDictionary<string, double> Parts,
    double PicturesPerSecond,
    TimeSpan TimeLeft);
