using System.Text.Json;
using System.Text.Json.Serialization;
using Dpfah.Core.Evaluation;

namespace Dpfah.Learning.Evaluation;

/// <summary>How a model retrieves on the query split of a data set: <c>evaluation.json</c> of a run.</summary>
public sealed record EvaluationReport
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new RoundedNumbers() },
    };

    /// <summary>Name of the method, such as <c>dpfah</c>, <c>itq</c> or <c>lsh</c>.</summary>
    public required string Method { get; init; }

    /// <summary>Name of the data set.</summary>
    public required string Dataset { get; init; }

    /// <summary>Digest of the split.</summary>
    public required string Split { get; init; }

    /// <summary>Digest of the model.</summary>
    public required string Model { get; init; }

    /// <summary>All metrics of queries against database.</summary>
    public required RetrievalResult Retrieval { get; init; }

    /// <summary>
    /// mAP of training pictures (as many of each class as there are queries) against the same database. Where that holds the training
    /// pictures, a picture is not found by itself: each is searched in all others.
    /// </summary>
    public required double TrainingMap { get; init; }

    /// <summary>mAP of queries and database by way of their previews, as a service sees them; null where it was not measured.</summary>
    public double? PreviewMap { get; init; }

    /// <summary>What the loader of the data set told, as sentences, such as pictures left out; null where there was nothing to tell.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }

    /// <summary>Mean of |u − sign(u)| over the queries.</summary>
    public required double QuantizationError { get; init; }

    /// <summary>Mean Hamming distance of a query to relevant and to other database pictures, in bits.</summary>
    public required ClassDistances Distances { get; init; }

    /// <summary>How evenly the database uses the codes.</summary>
    public required CodeHealth Health { get; init; }

    /// <summary>The report as JSON; numbers are rounded to six digits.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads a report.</summary>
    /// <exception cref="JsonException">Not the JSON of a report.</exception>
    public static EvaluationReport FromJson(string json) => JsonSerializer.Deserialize<EvaluationReport>(json, Json) ?? throw new JsonException("The report is null.");

    private sealed class RoundedNumbers : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => writer.WriteNumberValue(Math.Round(value, 6));
    }
}

/// <summary>Mean Hamming distances of queries, in bits.</summary>
/// <param name="Within">To relevant pictures.</param>
/// <param name="Between">To the others.</param>
public sealed record ClassDistances(double Within, double Between);

/// <summary>How codes use their bits.</summary>
/// <param name="Balance">Mean over bits of the smaller of the shares of 0 and 1: ½ at best.</param>
/// <param name="DistinctShare">Distinct codes over pictures.</param>
public sealed record CodeHealth(double Balance, double DistinctShare);
