using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Evaluation;

/// <summary>What came of a run, for whoever stores its model: <c>result.json</c>.</summary>
public sealed record RunResult
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "result.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Digest of the model.</summary>
    public required string Digest { get; init; }

    /// <summary>The figures of <see cref="ModelMetrics.Values"/>; none where there was nothing to measure with.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>The same of the model that the run started from, on the same pictures; null where there was none.</summary>
    public IReadOnlyDictionary<string, double>? ParentMetrics { get; init; }

    /// <summary>Pictures of each part of the split, and classes.</summary>
    public required IReadOnlyDictionary<string, int> Counts { get; init; }

    /// <summary>The epochs; none of a model fitted without labels.</summary>
    public required IReadOnlyList<EpochReport> Epochs { get; init; }

    /// <summary>Names of the files of figures beside this one.</summary>
    public required IReadOnlyList<string> Figures { get; init; }

    /// <summary>What a person should know, as sentences.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Version of this program, with the commit where the build knew it.</summary>
    public required string CodeVersion { get; init; }

    /// <summary>Digest of the split that was trained and measured on.</summary>
    public required string Split { get; init; }

    /// <summary>Writes the file.</summary>
    /// <param name="folder">An existing folder.</param>
    public void Write(string folder) => File.WriteAllText(Path.Combine(folder, FileName), $"{JsonSerializer.Serialize(this, Json)}\n");
}
