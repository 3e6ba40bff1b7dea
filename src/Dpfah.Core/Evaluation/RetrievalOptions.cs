namespace Dpfah.Core.Evaluation;

/// <summary>What <see cref="RetrievalEvaluation"/> measures.</summary>
public sealed record RetrievalOptions
{
    /// <summary>The longest curve of P@N, and the largest N of <see cref="PrecisionAt"/>.</summary>
    public const int MaxPrecisionRank = 1000;

    /// <summary>Cuts k of mAP@k, each at least 1, in any order. A cut beyond the database is the whole database.</summary>
    public IReadOnlyList<int> Cuts { get; init; } = [1000, 5000];

    /// <summary>Numbers of results N of P@N, each 1 to <see cref="MaxPrecisionRank"/>, in any order.</summary>
    public IReadOnlyList<int> PrecisionAt { get; init; } = [100, 1000];

    /// <summary>Radius in bits of the ball of P@H≤r, 0 or more.</summary>
    public int BallRadius { get; init; } = 2;

    /// <summary>PR by rank has a point at every such rank, and one at the last; at least 1.</summary>
    public int RankStep { get; init; } = 100;

    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range; the message says which.</exception>
    internal void Validate()
    {
        foreach (int cut in Cuts)
        {
            Require(cut >= 1, nameof(Cuts), cut, "A cut k of mAP@k is at least 1.");
        }

        foreach (int n in PrecisionAt)
        {
            Require(n is >= 1 and <= MaxPrecisionRank, nameof(PrecisionAt), n, $"N of P@N is 1 to {MaxPrecisionRank}.");
        }

        Require(BallRadius >= 0, nameof(BallRadius), BallRadius, "The radius of the ball is 0 bits or more.");
        Require(RankStep >= 1, nameof(RankStep), RankStep, "The step between ranks is at least 1.");
    }

    private static void Require(bool condition, string name, int value, string message)
    {
        if (!condition)
        {
            throw new ArgumentOutOfRangeException(name, value, message);
        }
    }
}
