using System.Diagnostics;
using Dpfah.Core.Codes;
using Dpfah.Core.Duplicates;
using Dpfah.Core.Evaluation;
using Dpfah.Core.Health;

namespace Dpfah.Core.Tests;

/// <summary>What jobs compute stops soon after it was cancelled, at the sizes of a large catalogue and of the largest evaluation.</summary>
public sealed class CancellationTests
{
    private const int Codes = 1_000_000;
    private const int EvaluatedPictures = 200_000;
    private const int Queries = 20_000;

    // A job is to end within five seconds, of which it is looked after its wish once a second.
    private static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan TimeToRun = TimeSpan.FromMilliseconds(100);

    [Fact]
    public void The_search_for_duplicates_among_a_million_codes_stops_soon()
    {
        var items = new IdentifiedCodes([.. Enumerable.Range(0, Codes).Select(i => (long)i)], Random(Codes, bits: 64));

        AssertStopsSoon(token => NearDuplicates.Find(items, NearDuplicates.MaxDistance(64), cancellationToken: token));
    }

    [Fact]
    public void The_largest_evaluation_stops_soon()
    {
        const int Classes = 100;
        var labels = new LabelMatrix(Classes, EvaluatedPictures);
        for (int i = 0; i < EvaluatedPictures; i++)
        {
            labels.Add(i, i % Classes);
        }

        var items = new LabelledCodes(Random(EvaluatedPictures, bits: 512), labels, Random(EvaluatedPictures, bits: 256));

        AssertStopsSoon(token => RetrievalEvaluation.RunLeaveOneOut(items, [.. Enumerable.Range(0, Queries)], null, token));
    }

    [Fact]
    public void The_health_of_the_largest_evaluation_stops_being_measured_soon()
    {
        CodeMatrix codes = Random(EvaluatedPictures, bits: 512);

        AssertStopsSoon(token => CodeHealth.Of(codes, token));
    }

    private static void AssertStopsSoon(Action<CancellationToken> work)
    {
        using var stop = new CancellationTokenSource(TimeToRun);
        var clock = Stopwatch.StartNew();

        Assert.ThrowsAny<OperationCanceledException>(() => work(stop.Token));

        TimeSpan elapsed = clock.Elapsed - TimeToRun;
        TestContext.Current.TestOutputHelper?.WriteLine($"It stopped after {elapsed.TotalSeconds:0.00} s.");
        Assert.True(elapsed < TimeToStop, $"It stopped after {elapsed.TotalSeconds:0.0} s.");
    }

    private static CodeMatrix Random(int count, int bits)
    {
        var random = new Random(bits);
        var codes = new CodeMatrix(bits, count);
        var code = new byte[bits / 8];
        for (int i = 0; i < count; i++)
        {
            random.NextBytes(code);
            codes.Set(i, BinaryCode.FromBytes(code));
        }

        return codes;
    }
}
