namespace Dpfah.Core.Evaluation;

/// <summary>P@H≤r: precision among the items within a Hamming radius (the paper's P@H=2).</summary>
public sealed record BallMetrics
{
    /// <summary>The radius in bits.</summary>
    public required int Radius { get; init; }

    /// <summary>Mean over all queries; an empty ball has precision 0.</summary>
    public required double Precision { get; init; }

    /// <summary>Mean over the queries whose ball is not empty; 0 where there is none.</summary>
    public required double PrecisionOfNonEmpty { get; init; }

    /// <summary>Share of the queries whose ball is empty.</summary>
    public required double EmptyShare { get; init; }
}
