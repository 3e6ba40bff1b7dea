using CsCheck;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;

namespace Dpfah.Core.Tests.Evaluation;

public class LeaveOneOutTests
{
    // Codes of few different bits, for ties; labels of which some stand alone.
    private static readonly Gen<(BinaryCode Code, string Label)[]> Items =
        Gen.Select(Gen.Byte[0, 7], Gen.Int[0, 5], (code, label) => (BinaryCode.FromBytes([code]), $"label {label}")).Array[2, 40];

    [Fact]
    public void It_agrees_with_an_evaluation_of_each_item_against_the_others() => Items.Sample(items =>
    {
        var options = new RetrievalOptions { Cuts = [], PrecisionAt = [3] };
        RankingMetrics[] each = [.. Enumerable.Range(0, items.Length).Select(i =>
            RetrievalEvaluation.Run(Side([items[i]]), Side([.. items[..i], .. items[(i + 1)..]]), options).Ranking)];

        var measured = LeaveOneOut.Run([.. items.Select(item => item.Code)], [.. items.Select(item => item.Label)], 3);

        Assert.Equal(each.Average(one => one.PrecisionAt[0].Precision), measured.Precision, 1e-12);
        Assert.Equal(each.Average(one => one.Map), measured.Map, 1e-12);
        Assert.Equal(
            PrecisionAtN.LeaveOneOut([.. items.Select(item => item.Code)], [.. items.Select(item => item.Label)], 3), measured.Precision, 1e-12);
    }, iter: 200);

    [Fact]
    public void All_metrics_are_those_of_each_query_against_the_others() => Gen.Select(
        Gen.Select(Gen.Byte[0, 7], Gen.Byte, Gen.Int[0, 5].Array[0, 3]).Array[2, 30], Gen.Int[1, 5]).Sample((items, step) =>
    {
        var options = new RetrievalOptions { Cuts = [1, 7, 100], PrecisionAt = [3], RankStep = 4 };
        int[] queries = [.. Enumerable.Range(0, items.Length).Where(i => i % step == 0)];
        RetrievalResult[] each = [.. queries.Select(i => RetrievalEvaluation.Run(Side([items[i]]), Side([.. items[..i], .. items[(i + 1)..]]), options))];

        RetrievalResult all = RetrievalEvaluation.RunLeaveOneOut(Side(items), queries, options);

        Assert.Equal((queries.Length, items.Length - 1), (all.Queries, all.Database));
        Assert.Equal(each.Sum(one => one.QueriesWithRelevant), all.QueriesWithRelevant);
        AssertSame(each.Select(one => one.Ranking), all.Ranking);
        AssertSame(each.Select(one => one.FineRanking!), all.FineRanking!);
        Assert.Equal(each.Average(one => one.TieAware.Map), all.TieAware.Map, 1e-12);
        Assert.Equal(each.Average(one => one.TieAware.MapAt[1].Min), all.TieAware.MapAt[1].Min, 1e-12);
        Assert.Equal(each.Average(one => one.Ball.Precision), all.Ball.Precision, 1e-12);
        Assert.Equal(each.SelectMany(one => one.PerQuery), all.PerQuery);
    }, iter: 300);

    [Fact]
    public void Wrong_queries_are_refused()
    {
        LabelledCodes items = Side([(1, 1, [1]), (2, 2, [1])]);
        Assert.Throws<ArgumentException>(() => RetrievalEvaluation.RunLeaveOneOut(items, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => RetrievalEvaluation.RunLeaveOneOut(items, [2]));
        Assert.Throws<ArgumentException>(() => RetrievalEvaluation.RunLeaveOneOut(Side([(1, 1, [1])]), [0]));
    }

    [Fact]
    public void An_item_alone_finds_nothing() =>
        Assert.Equal(new LeaveOneOut(0, 0), LeaveOneOut.Run([BinaryCode.FromBytes([1])], ["a"], 10));

    [Fact]
    public void It_can_be_stopped() => Assert.ThrowsAny<OperationCanceledException>(
        () => LeaveOneOut.Run([BinaryCode.FromBytes([1])], ["a"], 10, new CancellationToken(canceled: true)));

    private static void AssertSame(IEnumerable<RankingMetrics> each, RankingMetrics all)
    {
        Assert.Equal(each.Average(one => one.Map), all.Map, 1e-12);
        Assert.Equal(each.Average(one => one.PrecisionAt[0].Precision), all.PrecisionAt[0].Precision, 1e-12);
        Assert.All(Enumerable.Range(0, 3), cut => Assert.Equal(each.Average(one => one.MapAt[cut].Min), all.MapAt[cut].Min, 1e-12));
    }

    private static LabelledCodes Side((byte Code, byte Signature, int[] Labels)[] items) => new(
        CodeMatrix.From([.. items.Select(item => BinaryCode.FromBytes([item.Code]))]),
        LabelMatrix.From(6, [.. items.Select(item => item.Labels)]),
        CodeMatrix.From([.. items.Select(item => BinaryCode.FromBytes([item.Signature]))]));

    private static LabelledCodes Side((BinaryCode Code, string Label)[] items) => new(
        CodeMatrix.From([.. items.Select(item => item.Code)]),
        LabelMatrix.From(6, [.. items.Select(item => new[] { item.Label[^1] - '0' })]));
}
