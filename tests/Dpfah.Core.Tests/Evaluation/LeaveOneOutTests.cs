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
    public void An_item_alone_finds_nothing() =>
        Assert.Equal(new LeaveOneOut(0, 0), LeaveOneOut.Run([BinaryCode.FromBytes([1])], ["a"], 10));

    [Fact]
    public void It_can_be_stopped() => Assert.ThrowsAny<OperationCanceledException>(
        () => LeaveOneOut.Run([BinaryCode.FromBytes([1])], ["a"], 10, new CancellationToken(canceled: true)));

    private static LabelledCodes Side((BinaryCode Code, string Label)[] items) => new(
        CodeMatrix.From([.. items.Select(item => item.Code)]),
        LabelMatrix.From(6, [.. items.Select(item => new[] { item.Label[^1] - '0' })]));
}
