using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>Weight of DSH.</summary>
public sealed record DshOptions : LossOptions
{
    /// <summary>α, weight of the pull towards ±1.</summary>
    public double Alpha { get; init; } = 0.1;

    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => FromZero(Alpha);
}

/// <summary>
/// DSH: a contrastive loss on squared distances with the margin m = 2l, and a pull of |u| towards 1 (Liu et al., CVPR 2016; here
/// with a bank in place of pairs in the batch, method 6.1).
/// </summary>
public sealed class DshLoss(LossShape shape, DshOptions options) : HashingLoss
{
    private readonly MemoryBank bank = new(shape);

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> State => bank.State;

    /// <inheritdoc/>
    protected override LossValue Evaluate(LossBatch batch)
    {
        Tensor u = batch.RealCodes;
        bank.Write(u, batch);
        Tensor s = Pairs.Similarity(batch.Labels, bank.Labels);                     // (B, n)
        Tensor distance = SquaredDistances(u, bank.Codes);                          // D: (B, n)
        Tensor apart = (2.0 * shape.Bits).Minus(distance).AtLeast(0);               // max(m − D, 0)
        Tensor similar = 0.5.Times(s) * distance;                                   // ½ s D: (B, n)
        Tensor different = 0.5.Times(1.0.Minus(s)) * apart;                         // ½ (1 − s) max(m − D, 0): (B, n)
        Tensor pair = similar.Plus(different).mean();
        Tensor quantization = 1.0.Minus(u.abs()).abs().mean();
        return new LossValue(pair.Plus(options.Alpha.Times(quantization)), [("pair", pair), ("quant", quantization)]);
    }

    // |u|² + |U|² − 2⟨u, U⟩: the tensor of differences would have B · n · l values. Rounding must not make it negative.
    private static Tensor SquaredDistances(Tensor u, Tensor codes) =>
        (u.Squared().sum(1, keepdim: true).Plus(codes.Squared().sum(1).unsqueeze(0)) - 2.0.Times(u.mm(codes.T))).AtLeast(0);
}
