using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;

namespace Dpfah.Core.Tests.Evaluation;

/// <summary>A case of <c>golden/metrics.json</c>: codes, labels and what the reference computed from them.</summary>
internal sealed class GoldenRanking
{
    private GoldenRanking(JsonElement json)
    {
        Name = json.GetProperty("name").GetString()!;
        Queries = Codes(json.GetProperty("query_codes"));
        Database = Codes(json.GetProperty("database_codes"));
        QuerySide = Side(json.GetProperty("query_codes"), json.GetProperty("query_labels"));
        DatabaseSide = Side(json.GetProperty("database_codes"), json.GetProperty("database_labels"));
        Expected = json.GetProperty("expected").Clone();
    }

    public string Name { get; }

    public BinaryCode[] Queries { get; }

    public BinaryCode[] Database { get; }

    /// <summary>The queries at their own length, with labels.</summary>
    public LabelledCodes QuerySide { get; }

    /// <summary>The database at its own length, with labels.</summary>
    public LabelledCodes DatabaseSide { get; }

    public JsonElement Expected { get; }

    public static IEnumerable<GoldenRanking> All()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "golden", "metrics.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => new GoldenRanking(c))];
    }

    public int[] Order(string name) => [.. Expected.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];

    public int[][] Matrix(string name) => Rows(Expected.GetProperty(name));

    // The reference has codes of 6 and 12 bits; filled up with equal bits to whole bytes they have the same distances.
    private static BinaryCode[] Codes(JsonElement rows) =>
    [
        .. Rows(rows).Select(row => BinaryCode.FromSigns([.. row.Select(v => (float)v), .. new float[(8 - (row.Length % 8)) % 8]])),
    ];

    private static LabelledCodes Side(JsonElement codes, JsonElement labels)
    {
        int[][] rows = Rows(codes);
        var matrix = new CodeMatrix(rows[0].Length, rows.Length);
        foreach ((int i, int[] row) in rows.Index())
        {
            matrix.SetSigns(i, [.. row.Select(v => (float)v)]);
        }

        int[][] sets = Rows(labels);
        return new LabelledCodes(
            matrix, LabelMatrix.From(sets[0].Length, [.. sets.Select(set => set.Index().Where(c => c.Item == 1).Select(c => c.Index).ToArray())]));
    }

    private static int[][] Rows(JsonElement rows) =>
        [.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetInt32()).ToArray())];
}
