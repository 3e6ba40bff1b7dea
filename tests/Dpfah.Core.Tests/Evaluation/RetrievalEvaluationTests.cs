using System.Text.Json;
using CsCheck;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;

namespace Dpfah.Core.Tests.Evaluation;

public class RetrievalEvaluationTests
{
    private const double Tolerance = 1e-11;

    private static readonly RetrievalOptions Options = new() { Cuts = [7, 1, 3, 7, 40, 1000], PrecisionAt = [1, 5, 100], BallRadius = 2, RankStep = 7 };

    // Odd sizes on both sides of a word; codes of few different bits, for ties and crowded balls; also more classes than a word has bits.
    private static readonly Gen<(LabelledCodes Queries, LabelledCodes Database)> Cases =
        from bits in Gen.Int[6, 96]
        from free in Gen.Int[1, 6]
        from classes in Gen.OneOf(Gen.Int[1, 10], Gen.Int[63, 65], Gen.Const(130))
        from labels in Gen.Int[0, 3]
        from queries in Side(bits, free, classes, labels, 4)
        from database in Side(bits, free, classes, labels, 70)
        select (queries, database);

    [Fact]
    public void Map_and_precision_agree_with_the_definitions() => Cases.Sample((queries, database) =>
    {
        RetrievalResult result = RetrievalEvaluation.Run(queries, database, Options);
        var plain = new PlainMetrics(queries, database);
        AssertRanking(plain.Ranked, result.Ranking);
        AssertRanking(plain.FineRanked, result.FineRanking!);
        for (int i = 0; i < queries.Count; i++)
        {
            Close(PlainMetrics.Retrieved(plain.Ranked[i], database.Count), result.PerQuery[i].AveragePrecision);
            Close(PlainMetrics.Retrieved(plain.FineRanked[i], database.Count), result.PerQuery[i].FineAveragePrecision!.Value);
            Assert.Equal(PlainMetrics.Hits(plain.Ranked[i], database.Count), result.PerQuery[i].Relevant);
        }
    }, iter: 300);

    [Fact]
    public void Tie_aware_precision_agrees_with_its_double_sum() => Cases.Sample((queries, database) =>
    {
        RetrievalResult result = RetrievalEvaluation.Run(queries, database, Options);
        var plain = new PlainMetrics(queries, database);
        int[] all = [.. Enumerable.Range(0, queries.Count)];
        Close(all.Average(i => plain.TieAware(i, database.Count)), result.TieAware.Map);
        Assert.Equal(Options.Cuts, result.TieAware.MapAt.Select(cut => cut.K));
        Assert.All(result.TieAware.MapAt, cut => Close(all.Average(i => plain.TieAware(i, cut.K)), cut.Min));
        Assert.All(all, i => Close(plain.TieAware(i, database.Count), result.PerQuery[i].TieAwareAveragePrecision));
    }, iter: 300);

    [Fact]
    public void Balls_and_the_curve_by_radius_agree_with_the_definitions() => Cases.Sample((queries, database) =>
    {
        RetrievalResult result = RetrievalEvaluation.Run(queries, database, Options);
        var plain = new PlainMetrics(queries, database);
        int[] all = [.. Enumerable.Range(0, queries.Count)];
        int[] some = [.. all.Where(i => result.PerQuery[i].Relevant > 0)];
        Assert.Equal(some.Length, result.QueriesWithRelevant);
        Assert.Equal(Enumerable.Range(0, queries.Codes.Bits + 1), result.ByRadius.Select(point => point.Radius));
        foreach (RadiusPoint point in result.ByRadius)
        {
            (int Found, int Relevant)[] balls = [.. all.Select(i => plain.Ball(i, point.Radius))];
            Close(some.Select(i => PlainMetrics.Ratio(balls[i].Relevant, balls[i].Found)).DefaultIfEmpty(0).Average(), point.Precision);
            Close(some.Select(i => (double)balls[i].Relevant / result.PerQuery[i].Relevant).DefaultIfEmpty(0).Average(), point.Recall);
            Close(PlainMetrics.Ratio(balls.Sum(b => b.Relevant), balls.Sum(b => b.Found)), point.MicroPrecision);
            Close(PlainMetrics.Ratio(balls.Sum(b => b.Relevant), result.PerQuery.Sum(q => q.Relevant)), point.MicroRecall);
        }

        (int Found, int Relevant)[] small = [.. all.Select(i => plain.Ball(i, Options.BallRadius))];
        Assert.Equal(small.Select(b => b.Found), result.PerQuery.Select(q => q.BallCount));
        Close(small.Average(b => PlainMetrics.Ratio(b.Relevant, b.Found)), result.Ball.Precision);
        Close(small.Where(b => b.Found > 0).Select(b => (double)b.Relevant / b.Found).DefaultIfEmpty(0).Average(), result.Ball.PrecisionOfNonEmpty);
        Close(small.Average(b => b.Found == 0 ? 1.0 : 0), result.Ball.EmptyShare);
    }, iter: 100);

    [Fact]
    public void Tie_aware_precision_is_the_mean_over_all_orders_of_ties()
    {
        int orders = 0;
        Gen.Select(Gen.Int[0, 2], Gen.Bool).Array[1, 6].Sample(
            items =>
            {
                int[][] allowed = [.. Permutations([.. Enumerable.Range(0, items.Length)])
                    .Where(order => order.Zip(order.Skip(1)).All(pair => items[pair.First].Item1 <= items[pair.Second].Item1))];
                (LabelledCodes query, LabelledCodes database) = Tiny(items);
                RetrievalResult result = RetrievalEvaluation.Run(query, database, new RetrievalOptions { Cuts = [1, 2, 4] });
                Close(allowed.Average(order => PlainMetrics.Min([.. order.Select(j => items[j].Item2)], items.Length)), result.TieAware.Map);
                Assert.All(result.TieAware.MapAt, cut =>
                    Close(allowed.Average(order => PlainMetrics.Min([.. order.Select(j => items[j].Item2)], cut.K)), cut.Min));
                Interlocked.Add(ref orders, allowed.Length);
            },
            iter: 300);
        Assert.True(orders > 1_000, $"{orders} orders");
    }

    [Fact]
    public void Signatures_order_ties_and_nothing_else()
    {
        // The second item is nearer by code; of the tied third and fourth the fourth by signature.
        var queries = new LabelledCodes(Codes([0]), LabelMatrix.From(2, [[0]]), Codes([0]));
        var database = new LabelledCodes(Codes([3], [1], [7], [7]), LabelMatrix.From(2, [[1], [0], [1], [0]]), Codes([0], [255], [1], [0]));
        RetrievalResult result = RetrievalEvaluation.Run(queries, database);
        Close((1 + (2.0 / 4)) / 2, result.Ranking.Map);
        Close((1 + (2.0 / 3)) / 2, result.FineRanking!.Map);
    }

    [Fact]
    public void Queries_without_relevant_items_count_as_zero_and_nothing_is_NaN()
    {
        var queries = new LabelledCodes(Codes([0], [0]), LabelMatrix.From(2, [[0], []]));
        var database = new LabelledCodes(Codes([0], [255]), LabelMatrix.From(2, [[0], [0]]));
        RetrievalResult result = RetrievalEvaluation.Run(queries, database);
        Assert.Equal((1, 0.5, 0.5), (result.QueriesWithRelevant, result.Ranking.Map, result.TieAware.Map));
        Assert.Equal((1.0, 1.0), (result.ByRadius[^1].Precision, result.ByRadius[^1].Recall));

        RetrievalResult none = RetrievalEvaluation.Run(queries, new LabelledCodes(Codes([255]), new LabelMatrix(2, 1)));
        Assert.Equal((0, 0.0, 0.0, 1.0, 0.0), (none.QueriesWithRelevant, none.Ranking.Map, none.TieAware.Map, none.Ball.EmptyShare, none.Ball.PrecisionOfNonEmpty));
        Assert.Equal(new RadiusPoint(8, 0, 0, 0, 0), none.ByRadius[^1]);
        Assert.Equal([new RankPoint(1, 0, 0)], none.Ranking.ByRank);
    }

    [Fact]
    public void A_result_survives_JSON()
    {
        var side = new LabelledCodes(Codes([0], [1], [3]), LabelMatrix.From(2, [[0], [1], [0, 1]]), Codes([0], [1], [2]));
        RetrievalResult result = RetrievalEvaluation.Run(side, side);
        string json = JsonSerializer.Serialize(result, JsonSerializerOptions.Web);
        RetrievalResult read = JsonSerializer.Deserialize<RetrievalResult>(json, JsonSerializerOptions.Web)!;
        Assert.Equal(json, JsonSerializer.Serialize(read, JsonSerializerOptions.Web));
        Assert.Equal(result.PerQuery, read.PerQuery);
        Assert.Equal(result.FineRanking!.PrecisionCurve, read.FineRanking!.PrecisionCurve);
    }

    [Fact]
    public void Sides_that_do_not_fit_are_refused_with_a_reason()
    {
        LabelledCodes sound = Make(8, 2, 1);
        LabelledCodes signed = Make(8, 2, 1, signatureBits: 16);
        Refused("The queries' codes have 8 bits, the database's 16.", () => RetrievalEvaluation.Run(sound, Make(16, 2, 1)));
        Refused("The queries' labels are over 2 classes, the database's over 3.", () => RetrievalEvaluation.Run(sound, Make(8, 3, 1)));
        Refused("There is no query.", () => RetrievalEvaluation.Run(Make(8, 2, 0), sound));
        Refused("There is no database item.", () => RetrievalEvaluation.Run(sound, Make(8, 2, 0)));
        Refused("Either both sides have signatures, or none.", () => RetrievalEvaluation.Run(sound, signed));
        Refused("The queries' signatures have 16 bits, the database's 24.", () => RetrievalEvaluation.Run(signed, Make(8, 2, 1, signatureBits: 24)));
        Refused("There are 2 codes and labels of 1 items.", () => new LabelledCodes(new CodeMatrix(8, 2), new LabelMatrix(2, 1)));
        Refused("There are 2 codes and 3 signatures.", () => new LabelledCodes(new CodeMatrix(8, 2), new LabelMatrix(2, 2), new CodeMatrix(8, 3)));
        Refused("A cut k of mAP@k is at least 1.", () => RetrievalEvaluation.Run(sound, sound, new RetrievalOptions { Cuts = [5, 0] }));
        Refused("N of P@N is 1 to 1000.", () => RetrievalEvaluation.Run(sound, sound, new RetrievalOptions { PrecisionAt = [1001] }));
        Refused("The radius of the ball is 0 bits or more.", () => RetrievalEvaluation.Run(sound, sound, new RetrievalOptions { BallRadius = -1 }));
        Refused("The step between ranks is at least 1.", () => RetrievalEvaluation.Run(sound, sound, new RetrievalOptions { RankStep = 0 }));
    }

    [Fact]
    public void Evaluation_can_be_cancelled()
    {
        LabelledCodes side = Make(8, 2, 1);
        Assert.Throws<OperationCanceledException>(() => RetrievalEvaluation.Run(side, side, null, new CancellationToken(canceled: true)));
    }

    private static void AssertRanking(bool[][] ranked, RankingMetrics metrics)
    {
        int count = ranked[0].Length;
        bool[][] some = [.. ranked.Where(r => r.Contains(true))];
        Close(ranked.Average(r => PlainMetrics.Retrieved(r, count)), metrics.Map);
        Assert.Equal(Options.Cuts, metrics.MapAt.Select(cut => cut.K));
        Assert.All(metrics.MapAt, cut => Close(ranked.Average(r => PlainMetrics.Retrieved(r, cut.K)), cut.Retrieved));
        Assert.All(metrics.MapAt, cut => Close(ranked.Average(r => PlainMetrics.Min(r, cut.K)), cut.Min));
        Assert.Equal(Options.PrecisionAt, metrics.PrecisionAt.Select(point => point.N));
        Assert.All(metrics.PrecisionAt, point => Close(ranked.Average(r => (double)PlainMetrics.Hits(r, point.N) / point.N), point.Precision));
        Assert.Equal(count, metrics.PrecisionCurve.Count);
        Assert.All(metrics.PrecisionCurve.Index(), point =>
            Close(ranked.Average(r => (double)PlainMetrics.Hits(r, point.Index + 1) / (point.Index + 1)), point.Item));
        Assert.Equal(Enumerable.Range(1, count).Where(rank => rank % Options.RankStep == 0 || rank == count), metrics.ByRank.Select(point => point.Rank));
        Assert.All(metrics.ByRank, point =>
        {
            Close(some.Select(r => (double)PlainMetrics.Hits(r, point.Rank) / point.Rank).DefaultIfEmpty(0).Average(), point.Precision);
            Close(some.Select(r => (double)PlainMetrics.Hits(r, point.Rank) / PlainMetrics.Hits(r, count)).DefaultIfEmpty(0).Average(), point.Recall);
        });
    }

    private static void Close(double expected, double actual) => Assert.Equal(expected, actual, Tolerance);

    private static void Refused(string message, Func<object> action)
    {
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(action);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    private static Gen<LabelledCodes> Side(int bits, int free, int classes, int labels, int maxCount) =>
        from count in Gen.Int[1, maxCount]
        from codes in Gen.Int[0, bits - 1].Array[0, free].Array[count]
        from signatures in Gen.Int[0, 15].Array[0, 4].Array[count]
        from sets in Gen.Int[0, classes - 1].Array[0, labels].Array[count]
        select new LabelledCodes(Matrix(bits, codes), LabelMatrix.From(classes, sets), Matrix(16, signatures));

    private static CodeMatrix Matrix(int bits, int[][] setBits)
    {
        var matrix = new CodeMatrix(bits, setBits.Length);
        foreach ((int i, int[] set) in setBits.Index())
        {
            matrix.SetSigns(i, [.. Enumerable.Range(0, bits).Select(bit => set.Contains(bit) ? 1f : -1f)]);
        }

        return matrix;
    }

    private static CodeMatrix Codes(params byte[][] codes) => CodeMatrix.From([.. codes.Select(code => BinaryCode.FromBytes(code))]);

    private static LabelledCodes Make(int bits, int classes, int count, int? signatureBits = null) =>
        new(new CodeMatrix(bits, count), new LabelMatrix(classes, count), signatureBits is int s ? new CodeMatrix(s, count) : null);

    /// <summary>One query, and items of given distance and relevance.</summary>
    private static (LabelledCodes Query, LabelledCodes Database) Tiny((int Distance, bool Relevant)[] items) => (
        new LabelledCodes(Codes([0]), LabelMatrix.From(1, [[0]])),
        new LabelledCodes(
            Codes([.. items.Select(item => new[] { (byte)((1 << item.Distance) - 1) })]),
            LabelMatrix.From(1, [.. items.Select(item => item.Relevant ? new[] { 0 } : [])])));

    private static IEnumerable<int[]> Permutations(int[] items) => items.Length == 0
        ? [[]]
        : items.SelectMany(first => Permutations([.. items.Where(item => item != first)]).Select(rest => (int[])[first, .. rest]));
}
