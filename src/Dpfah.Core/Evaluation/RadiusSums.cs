namespace Dpfah.Core.Evaluation;

/// <summary>Adds up precision and recall by Hamming radius over queries.</summary>
internal sealed class RadiusSums(int bits, int ballRadius)
{
    private readonly double[] precision = new double[bits + 1];
    private readonly double[] recall = new double[bits + 1];
    private readonly long[] found = new long[bits + 1];
    private readonly long[] hits = new long[bits + 1];
    private double ballPrecision;
    private int emptyBalls;
    private int queries;
    private int queriesWithRelevant;

    /// <summary>Adds the query that the keys are turned to.</summary>
    /// <returns>Items in the ball.</returns>
    public int Add(RankingKeys keys)
    {
        queries++;
        queriesWithRelevant += keys.TotalRelevant > 0 ? 1 : 0;
        (int inside, int relevant) = (0, 0);
        (int inBall, int relevantInBall) = (0, 0);
        for (int radius = 0; radius <= bits; radius++)
        {
            inside += keys.Total(radius);
            relevant += keys.Relevant(radius);
            found[radius] += inside;
            hits[radius] += relevant;
            if (relevant > 0)
            {
                precision[radius] += (double)relevant / inside;
                recall[radius] += (double)relevant / keys.TotalRelevant;
            }

            if (radius <= ballRadius)
            {
                (inBall, relevantInBall) = (inside, relevant);
            }
        }

        ballPrecision += inBall > 0 ? (double)relevantInBall / inBall : 0;
        emptyBalls += inBall > 0 ? 0 : 1;
        return inBall;
    }

    public BallMetrics Ball() => new()
    {
        Radius = ballRadius,
        Precision = ballPrecision / queries,
        PrecisionOfNonEmpty = ballPrecision / Math.Max(queries - emptyBalls, 1),
        EmptyShare = (double)emptyBalls / queries,
    };

    public IReadOnlyList<RadiusPoint> Curve()
    {
        int divisor = Math.Max(queriesWithRelevant, 1);
        return
        [
            .. Enumerable.Range(0, bits + 1).Select(radius => new RadiusPoint(
                radius,
                precision[radius] / divisor,
                recall[radius] / divisor,
                (double)hits[radius] / Math.Max(found[radius], 1),
                (double)hits[radius] / Math.Max(hits[bits], 1))),
        ];
    }
}
