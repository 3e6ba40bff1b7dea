using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>Weight of DHN.</summary>
public sealed record DhnOptions : LossOptions
{
    /// <summary>α, weight of the quantisation term.</summary>
    public double Alpha { get; init; } = 0.1;

    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => FromZero(Alpha);
}

/// <summary>
/// DHN: the likelihood of the pairs and a smooth quantisation term, log cosh(|u| − 1) (Zhu et al., AAAI 2016; here with a bank,
/// method 6.2).
/// </summary>
public sealed class DhnLoss(LossShape shape, DhnOptions options) : HashingLoss
{
    private readonly MemoryBank bank = new(shape);

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> State => bank.State;

    /// <inheritdoc/>
    protected override LossValue Evaluate(LossBatch batch)
    {
        Tensor u = batch.RealCodes;
        bank.Write(u, batch);
        Tensor theta = Pairs.HalfProducts(u, bank.Codes);                           // (B, n)
        Tensor s = Pairs.Similarity(batch.Labels, bank.Labels);                     // (B, n)
        Tensor pair = Pairs.NegativeLogLikelihood(theta, s).mean();
        Tensor quantization = Pairs.LogCosh(u.abs().Minus(1)).mean();
        return new LossValue(pair.Plus(options.Alpha.Times(quantization)), [("pair", pair), ("quant", quantization)]);
    }
}
