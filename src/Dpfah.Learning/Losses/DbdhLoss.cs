using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>Weight and norm of DBDH.</summary>
public sealed record DbdhOptions : LossOptions
{
    /// <summary>α, weight of the balance term.</summary>
    public double Alpha { get; init; } = 0.1;

    /// <summary>Norm of the mean of a code: 2 for its square, 1 for its magnitude.</summary>
    public int P { get; init; } = 2;

    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => [.. FromZero(Alpha), .. Unless(P is 1 or 2, P, "it is 1 or 2")];
}

/// <summary>
/// DBDH: the likelihood of the pairs on clamped codes, and a balance of +1 and −1 within a code (Zheng, Zhang, Lu, Neurocomputing
/// 2020; method 6.4). The baseline of the paper: DPFAH is DBDH without the balance, with L2, L3 and the attention.
/// </summary>
public sealed class DbdhLoss(LossShape shape, DbdhOptions options) : HashingLoss
{
    private readonly MemoryBank bank = new(shape);

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> State => bank.State;

    /// <inheritdoc/>
    protected override LossValue Evaluate(LossBatch batch)
    {
        Tensor f = batch.RealCodes.ClampedTo(-1, 1);                                // (B, bits)
        bank.Write(f, batch);
        Tensor theta = Pairs.HalfProducts(f, bank.Codes);                           // (B, n)
        Tensor s = Pairs.Similarity(batch.Labels, bank.Labels);                     // (B, n)
        Tensor pair = Pairs.NegativeLogLikelihood(theta, s).mean();
        Tensor mean = f.mean([1]);                                                  // (1/l) Σ f: (B)
        Tensor balance = (options.P == 1 ? mean.abs() : mean.Squared()).mean();
        return new LossValue(pair.Plus(options.Alpha.Times(balance)), [("pair", pair), ("balance", balance)]);
    }
}
