using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Golden;

namespace Dpfah.Core.Tests.Evaluation;

/// <summary>Every value of <c>golden/metrics.json</c>.</summary>
public class GoldenMetricsTests
{
    // Two cases of 8 × 60 and 6 × 80 codes of 6 and 12 bits.
    private const int CasesInFile = 2;
    private const int ValuesInFile = 1570;

    [Fact]
    public void Every_metric_agrees_with_the_reference()
    {
        (int cases, int values) = (0, 0);
        foreach (GoldenRanking golden in GoldenRanking.All())
        {
            cases++;
            int before = values;
            RetrievalResult result = Evaluate(golden);
            foreach (JsonProperty metric in golden.Expected.EnumerateObject())
            {
                Compare(golden, result, metric);
            }

            Assert.Equal(CountNumbers(golden.Expected), values - before);
        }

        Assert.Equal((CasesInFile, ValuesInFile), (cases, values));

        void Compare(GoldenRanking golden, RetrievalResult result, JsonProperty metric)
        {
            switch (metric.Name)
            {
                case "distance":
                    List(metric.Value, golden.QuerySide.Count, (row, i) => List(row, golden.DatabaseSide.Count, (value, j) =>
                        Number(Hamming.Distance(golden.QuerySide.Codes.Row(i), golden.DatabaseSide.Codes.Row(j)), value)));
                    break;
                case "order_query_0":
                    int[] order = HammingRanking.Order(golden.Queries[0], golden.Database);
                    List(metric.Value, order.Length, (value, i) => Number(order[i], value));
                    break;
                case "per_query":
                    Assert.Equal(["ap_all", "tie_aware_ap"], metric.Value.EnumerateObject().Select(p => p.Name));
                    List(metric.Value.GetProperty("ap_all"), result.Queries, (value, i) => Number(result.PerQuery[i].AveragePrecision, value));
                    List(metric.Value.GetProperty("tie_aware_ap"), result.Queries, (value, i) => Number(result.PerQuery[i].TieAwareAveragePrecision, value));
                    break;
                case "map_all":
                    Number(result.Ranking.Map, metric.Value);
                    break;
                case "tie_aware_map":
                    Number(result.TieAware.Map, metric.Value);
                    break;
                case "map_at_k_retrieved":
                    ByKey(metric.Value, k => result.Ranking.MapAt.Single(cut => cut.K == k).Retrieved);
                    break;
                case "map_at_k_min":
                    ByKey(metric.Value, k => result.Ranking.MapAt.Single(cut => cut.K == k).Min);
                    break;
                case "tie_aware_map_at_k_min":
                    ByKey(metric.Value, k => result.TieAware.MapAt.Single(cut => cut.K == k).Min);
                    break;
                case "precision_at_n":
                    ByKey(metric.Value, n => result.Ranking.PrecisionAt.Single(point => point.N == n).Precision);
                    break;
                case "ball2_count":
                    List(metric.Value, result.Queries, (value, i) => Number(result.PerQuery[i].BallCount, value));
                    break;
                case "precision_hamming2_zero_if_empty":
                    Number(result.Ball.Precision, metric.Value);
                    break;
                case "precision_hamming2_skip_empty":
                    Number(result.Ball.PrecisionOfNonEmpty, metric.Value);
                    break;
                case "pr_by_radius":
                    List(metric.Value, result.ByRadius.Count, (point, i) =>
                    {
                        Number(result.ByRadius[i].Radius, point.GetProperty("radius"));
                        Number(result.ByRadius[i].Precision, point.GetProperty("precision"));
                        Number(result.ByRadius[i].Recall, point.GetProperty("recall"));
                        Number(result.ByRadius[i].MicroPrecision, point.GetProperty("micro_precision"));
                        Number(result.ByRadius[i].MicroRecall, point.GetProperty("micro_recall"));
                    });
                    break;
                case "pr_by_rank":
                    List(metric.Value.GetProperty("precision"), result.Ranking.ByRank.Count, (value, i) => Number(result.Ranking.ByRank[i].Precision, value));
                    List(metric.Value.GetProperty("recall"), result.Ranking.ByRank.Count, (value, i) => Number(result.Ranking.ByRank[i].Recall, value));
                    break;
                default:
                    Assert.Fail($"The reference has a metric '{metric.Name}' that is not compared.");
                    break;
            }
        }

        void ByKey(JsonElement expected, Func<int, double> actual)
        {
            foreach (JsonProperty entry in expected.EnumerateObject())
            {
                Number(actual(int.Parse(entry.Name)), entry.Value);
            }
        }

        void Number(double actual, JsonElement expected)
        {
            values++;
            Assert.Equal(expected.GetDouble(), actual, GoldenTolerance.Float64 * Math.Abs(expected.GetDouble()));
        }
    }

    [Fact]
    public void The_share_of_empty_balls_follows_from_the_reference_counts()
    {
        Assert.All(GoldenRanking.All(), golden => Assert.Equal(
            golden.Expected.GetProperty("ball2_count").EnumerateArray().Average(count => count.GetInt32() == 0 ? 1.0 : 0),
            Evaluate(golden).Ball.EmptyShare,
            GoldenTolerance.Float64));
    }

    private static RetrievalResult Evaluate(GoldenRanking golden) => RetrievalEvaluation.Run(golden.QuerySide, golden.DatabaseSide, new RetrievalOptions
    {
        Cuts = Keys(golden, "map_at_k_retrieved"),
        PrecisionAt = Keys(golden, "precision_at_n"),
        RankStep = 1,
    });

    private static int[] Keys(GoldenRanking golden, string metric) =>
        [.. golden.Expected.GetProperty(metric).EnumerateObject().Select(entry => int.Parse(entry.Name))];

    private static void List(JsonElement expected, int count, Action<JsonElement, int> compare)
    {
        Assert.Equal(expected.GetArrayLength(), count);
        foreach ((int i, JsonElement value) in expected.EnumerateArray().Index())
        {
            compare(value, i);
        }
    }

    private static int CountNumbers(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().Sum(CountNumbers),
        JsonValueKind.Object => element.EnumerateObject().Sum(property => CountNumbers(property.Value)),
        _ => 1,
    };
}
