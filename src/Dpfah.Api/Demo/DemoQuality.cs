using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;

namespace Dpfah.Api.Demo;

/// <summary>How well codes find pictures of the same label, each picture in turn being the query and all others the database.</summary>
/// <param name="PrecisionAt10">Share of the ten nearest that have the query's label.</param>
/// <param name="Map">Mean average precision of the whole ranking.</param>
internal sealed record DemoQuality(double PrecisionAt10, double Map)
{
    private const int Nearest = 10;

    /// <summary>Measures by Hamming distance alone, equal distances in the order of the pictures.</summary>
    /// <param name="codes">Codes of the pictures, at least two.</param>
    /// <param name="labels">One label a picture.</param>
    /// <param name="cancellationToken">Looked at before each query.</param>
    public static DemoQuality LeaveOneOut(IReadOnlyList<BinaryCode> codes, IReadOnlyList<string> labels, CancellationToken cancellationToken)
    {
        string[] classes = [.. labels.Distinct(StringComparer.Ordinal)];
        int[][] classOf = [.. labels.Select(label => new[] { Array.IndexOf(classes, label) })];
        var options = new RetrievalOptions { Cuts = [], PrecisionAt = [Nearest] };
        (double precision, double map) = (0, 0);
        for (int i = 0; i < codes.Count; i++)
        {
            RankingMetrics one = RetrievalEvaluation.Run(
                new LabelledCodes(CodeMatrix.From([codes[i]]), LabelMatrix.From(classes.Length, [classOf[i]])),
                new LabelledCodes(CodeMatrix.From([.. codes.Where((_, j) => j != i)]), LabelMatrix.From(classes.Length, [.. classOf.Where((_, j) => j != i)])),
                options,
                cancellationToken).Ranking;
            precision += one.PrecisionAt[0].Precision;
            map += one.Map;
        }

        return new DemoQuality(precision / codes.Count, map / codes.Count);
    }
}
