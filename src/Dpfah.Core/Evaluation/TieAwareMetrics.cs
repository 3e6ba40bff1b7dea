namespace Dpfah.Core.Evaluation;

/// <summary>Average precision that no order of ties can bend (McSherry and Najork, ECIR 2008; He et al., CVPR 2018).</summary>
public sealed record TieAwareMetrics
{
    /// <summary>Tie-aware mAP of the whole ranking.</summary>
    public required double Map { get; init; }

    /// <summary>Tie-aware mAP@k with denominator min(R, k), in the order of <see cref="RetrievalOptions.Cuts"/>.</summary>
    public required IReadOnlyList<TieAwareMapAtCut> MapAt { get; init; }
}

/// <summary>Tie-aware mAP@k.</summary>
/// <param name="K">The cut as it was asked for.</param>
/// <param name="Min">Denominator min(R, k).</param>
public sealed record TieAwareMapAtCut(int K, double Min);
