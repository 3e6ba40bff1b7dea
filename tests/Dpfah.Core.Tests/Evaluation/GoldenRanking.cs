using System.Text.Json;
using Dpfah.Core.Codes;

namespace Dpfah.Core.Tests.Evaluation;

/// <summary>A case of <c>golden/metrics.json</c>: codes, labels and what the reference computed from them.</summary>
internal sealed class GoldenRanking
{
    private readonly int[][] queryLabels;
    private readonly int[][] databaseLabels;

    private GoldenRanking(JsonElement json)
    {
        Name = json.GetProperty("name").GetString()!;
        Queries = Codes(json.GetProperty("query_codes"));
        Database = Codes(json.GetProperty("database_codes"));
        queryLabels = Rows(json.GetProperty("query_labels"));
        databaseLabels = Rows(json.GetProperty("database_labels"));
        Expected = json.GetProperty("expected").Clone();
    }

    public string Name { get; }

    public BinaryCode[] Queries { get; }

    public BinaryCode[] Database { get; }

    public JsonElement Expected { get; }

    public static IEnumerable<GoldenRanking> All()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "golden", "metrics.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => new GoldenRanking(c))];
    }

    public int[] Order(string name) => [.. Expected.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];

    public int[][] Matrix(string name) => Rows(Expected.GetProperty(name));

    /// <summary>Query and database item share a label.</summary>
    public bool IsRelevant(int query, int item) => queryLabels[query].Zip(databaseLabels[item]).Any(pair => pair is (1, 1));

    // The reference has codes of 6 and 12 bits; filled up with equal bits to whole bytes they have the same distances.
    private static BinaryCode[] Codes(JsonElement rows) =>
    [
        .. Rows(rows).Select(row => BinaryCode.FromSigns([.. row.Select(v => (float)v), .. new float[(8 - (row.Length % 8)) % 8]])),
    ];

    private static int[][] Rows(JsonElement rows) =>
        [.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetInt32()).ToArray())];
}
