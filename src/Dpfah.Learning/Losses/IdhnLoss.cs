using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>Weights of IDHN.</summary>
public sealed record IdhnOptions : LossOptions
{
    /// <summary>α, factor of ⟨v, V⟩.</summary>
    public double Alpha { get; init; } = 0.5;

    /// <summary>γ, weight of pairs that share some labels but not all.</summary>
    public double Gamma { get; init; } = 0.1;

    /// <summary>λ, weight of the pull towards ±1.</summary>
    public double Lambda { get; init; } = 0.1;

    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => [.. AboveZero(Alpha), .. FromZero(Gamma), .. FromZero(Lambda)];
}

/// <summary>
/// IDHN: graded similarity for pictures of several labels. Pairs that agree in all labels or in none have a likelihood, the others a
/// squared error (Zhang et al., TMM 2019; method 6.7).
/// </summary>
public sealed class IdhnLoss(LossShape shape, IdhnOptions options) : HashingLoss
{
    private readonly MemoryBank bank = new(shape);

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> State => bank.State;

    /// <inheritdoc/>
    protected override LossValue Evaluate(LossBatch batch)
    {
        Tensor v = batch.RealCodes / batch.RealCodes.abs().Plus(1);                 // softsign, within ±1: (B, bits)
        bank.Write(v, batch);
        Tensor s = Cosine(batch.Labels, bank.Labels);                               // in [0, 1]: (B, n)
        Tensor hard = (s.IsAbove(0.99) | s.IsBelow(0.01)).to_type(s.dtype);         // all labels or none: (B, n)
        Tensor theta = options.Alpha.Times(v.mm(bank.Codes.T));                     // Θ: (B, n)
        Tensor graded = (theta.Plus(shape.Bits) - (2.0 * shape.Bits).Times(s)).Squared(); // (Θ + l − 2 l s)²: (B, n)
        Tensor likelihood = Pairs.NegativeLogLikelihood(theta, s);                  // (B, n)
        Tensor pair = (hard * likelihood).Plus(options.Gamma.Times(1.0.Minus(hard)) * graded).mean();
        Tensor quantization = v.abs().Minus(1).abs().mean();
        return new LossValue(pair.Plus(options.Lambda.Times(quantization)), [("pair", pair), ("quant", quantization)]);
    }

    /// <summary>Cosine of label vectors; 1e-5 keeps an unseen row at 0.</summary>
    private static Tensor Cosine(Tensor y, Tensor other)
    {
        Tensor norms = y.Squared().sum(1, keepdim: true).sqrt() * other.Squared().sum(1).sqrt().unsqueeze(0);
        return y.mm(other.T) / norms.Plus(1e-5);
    }
}
