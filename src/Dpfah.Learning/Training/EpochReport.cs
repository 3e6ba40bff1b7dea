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

    /// <summary>Reads the reports of a file, a line each; none where the file is missing.</summary>
    /// <param name="path">The file. Its last line may be torn, by a kill or a full disk while it was written: it is left out.</param>
    /// <exception cref="InvalidDataException">Another line is no report; the message names file and line.</exception>
    public static IReadOnlyList<EpochReport> ReadFile(string path)
    {
        var reports = new List<EpochReport>();
        string[] lines = File.Exists(path) ? File.ReadAllLines(path) : [];
        foreach ((int i, string line) in lines.Index())
        {
            try
            {
                reports.Add(FromJson(line));
            }
            catch (JsonException) when (i == lines.Length - 1)
            {
            }
            catch (JsonException error)
            {
                throw new InvalidDataException($"'{path}' line {i + 1} is no report of an epoch: {error.Message} Remove the line.", error);
            }
        }

        return reports;
    }
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
