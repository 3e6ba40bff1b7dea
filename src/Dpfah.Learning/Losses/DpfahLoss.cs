using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>What enters the likelihood in place of u; all three give the same code.</summary>
public enum LikelihoodInput
{
    /// <summary>f(u) of Eq. (2): u clamped to [−1, 1].</summary>
    Clamp1,

    /// <summary>u itself.</summary>
    Identity,

    /// <summary>u clamped to [−δ, δ].</summary>
    ClampDelta,
}

/// <summary>With what the pictures of a batch are paired.</summary>
public enum PairSource
{
    /// <summary>All training pictures, by the last code seen of each.</summary>
    Bank,

    /// <summary>The pictures of the same batch, each with itself too.</summary>
    Batch,
}

/// <summary>How Eq. (13) is reduced.</summary>
public enum QuantizationReduction
{
    /// <summary>Mean over batch and bits.</summary>
    Mean,

    /// <summary>Sum over bits, mean over the batch.</summary>
    SumOverBits,
}

/// <summary>Eq. (14) for pictures of one or several classes.</summary>
public enum ClassLoss
{
    /// <summary>Softmax for single-label data, sigmoid for multi-label data.</summary>
    ByLabels,

    /// <summary>Softmax cross-entropy; the target is y over its sum.</summary>
    Softmax,

    /// <summary>Sigmoid cross-entropy, summed over classes.</summary>
    Sigmoid,
}

/// <summary>Weights and open choices of the DPFAH loss; the defaults are the paper's, or method.md's where the paper is silent.</summary>
public sealed record DpfahOptions : LossOptions
{
    /// <summary>η, weight of the quantisation term.</summary>
    public double Eta { get; init; } = 10;

    /// <summary>ζ, weight of the classification term.</summary>
    public double Zeta { get; init; } = 0.1;

    /// <summary>δ, half width of the interval that Eq. (13) leaves alone.</summary>
    public double Delta { get; init; } = 1.1;

    /// <summary>What enters the likelihood.</summary>
    public LikelihoodInput LikelihoodInput { get; init; } = LikelihoodInput.Clamp1;

    /// <summary>With what the pictures of a batch are paired.</summary>
    public PairSource Pairs { get; init; } = PairSource.Bank;

    /// <summary>How Eq. (13) is reduced.</summary>
    public QuantizationReduction Quantization { get; init; } = QuantizationReduction.Mean;

    /// <summary>Form of Eq. (14).</summary>
    public ClassLoss ClassLoss { get; init; } = ClassLoss.ByLabels;

    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => [.. FromZero(Eta), .. FromZero(Zeta), .. FromZero(Delta)];
}

/// <summary>
/// DPFAH, Eq. (15): L = L1 + η L2 + ζ L3, the likelihood of the pairs, the quantisation of the real codes and the classification
/// (Yang, Wang, Cheng, Sci Rep 12:7082, 2022).
/// </summary>
/// <remarks>Means in place of the paper's sums, so that η and ζ mean the same for every batch, length and training set.</remarks>
public sealed class DpfahLoss(LossShape shape, DpfahOptions options) : HashingLoss
{
    private readonly MemoryBank? bank = options.Pairs == PairSource.Bank ? new MemoryBank(shape) : null;

    private readonly bool sigmoid = options.ClassLoss == ClassLoss.Sigmoid || (options.ClassLoss == ClassLoss.ByLabels && shape.MultiLabel);

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Tensor> State => bank?.State ?? base.State;

    /// <inheritdoc/>
    protected override LossValue Evaluate(LossBatch batch)
    {
        Tensor u = batch.RealCodes;
        Tensor likelihood = Likelihood(Relaxed(u), batch);                          // L1, Eq. (12)
        Tensor quantization = Quantization(u);                                      // L2, Eq. (13), on u itself: on f(u) it is 0
        Tensor classes = Classification(batch.ClassScores, batch.Labels);           // L3, Eq. (14)
        Tensor total = likelihood                                                   // L1 + η L2 + ζ L3, Eq. (15)
            .Plus(options.Eta.Times(quantization))
            .Plus(options.Zeta.Times(classes));
        return new LossValue(total, [("L1", likelihood), ("L2", quantization), ("L3", classes)]);
    }

    private Tensor Relaxed(Tensor u) => options.LikelihoodInput switch
    {
        LikelihoodInput.Clamp1 => u.ClampedTo(-1, 1),
        LikelihoodInput.ClampDelta => u.ClampedTo(-options.Delta, options.Delta),
        _ => u.alias(),
    };

    private Tensor Likelihood(Tensor f, LossBatch batch)
    {
        bank?.Write(f, batch);
        Tensor theta = Pairs.HalfProducts(f, bank?.Codes ?? f);                     // Θ, Eq. (11): (B, n)
        Tensor s = Pairs.Similarity(batch.Labels, bank?.Labels ?? batch.Labels);    // Eq. (1): (B, n)
        return Pairs.NegativeLogLikelihood(theta, s).mean();
    }

    private Tensor Quantization(Tensor u)
    {
        Tensor below = (-options.Delta).Minus(u).relu();                            // max(−δ − u, 0): (B, bits)
        Tensor above = u.Minus(options.Delta).relu();                               // max(u − δ, 0): (B, bits)
        Tensor beyond = below.Plus(above);
        return options.Quantization == QuantizationReduction.Mean ? beyond.mean() : beyond.sum(1).mean();
    }

    private Tensor Classification(Tensor o, Tensor y)
    {
        if (sigmoid)
        {
            return (Pairs.Softplus(o) - (y * o)).sum(1).mean();
        }

        Tensor target = y / y.sum(1, keepdim: true).AtLeast(1);                     // y itself, where there is one label
        return -(target * o.log_softmax(1)).sum(1).mean();
    }
}
