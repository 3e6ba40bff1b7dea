using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>Weight of LCDSH.</summary>
public sealed record LcdshOptions : LossOptions
{
    /// <summary>λ, weight of the locality term.</summary>
    public double Lambda { get; init; } = 3;

    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => FromZero(Lambda);
}

/// <summary>
/// LCDSH: the likelihood of the pairs, and likelihoods of the real codes that stay near those of the binary codes (Zhu, Gao, IJCAI
/// 2017; pairs in the batch, method 6.8).
/// </summary>
public sealed class LcdshLoss(LcdshOptions options) : HashingLoss
{
    /// <inheritdoc/>
    protected override LossValue Evaluate(LossBatch batch)
    {
        Tensor u = batch.RealCodes;
        Tensor s = Pairs.Similarity(batch.Labels, batch.Labels);                    // (B, B)
        Tensor t = 2.0.Times(s).Minus(1);                                           // ±1: (B, B)
        Tensor theta = Pairs.HalfProducts(u, u).ClampedTo(-50, 50);                 // no gradient beyond: (B, B)
        Tensor pair = Pairs.Softplus(-t * theta).mean();
        Tensor b = u.detach().sign();                                               // constant: (B, bits)
        Tensor locality = (theta.sigmoid() - Pairs.HalfProducts(b, b).sigmoid()).Squared().mean();
        return new LossValue(pair.Plus(options.Lambda.Times(locality)), [("pair", pair), ("locality", locality)]);
    }
}
