using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>Scale and schedule of HashNet.</summary>
public sealed record HashNetOptions : LossOptions
{
    /// <summary>α, factor of ⟨v, v⟩.</summary>
    public double Alpha { get; init; } = 0.1;

    /// <summary>Stages of the continuation: β² is the number of the stage, from 1. 150 epochs in stages of 20, as published, make 7.5.</summary>
    public double Stages { get; init; } = 7.5;

    /// <inheritdoc/>
    public override IEnumerable<string> Faults() => [.. AboveZero(Alpha), .. FromZero(Stages)];
}

/// <summary>
/// HashNet: v = tanh(βu) with a growing β, and a likelihood in which similar and dissimilar pairs weigh the same (Cao et al., ICCV
/// 2017; pairs in the batch, method 6.3).
/// </summary>
public sealed class HashNetLoss(HashNetOptions options) : HashingLoss
{
    /// <summary>β of the current stage.</summary>
    public double Scale { get; internal set; } = 1;

    /// <inheritdoc/>
    /// <remarks>β = √(⌊epoch/20⌋ + 1) for 150 epochs, stretched to the length of this training.</remarks>
    public override void BeginEpoch(int epoch, int epochs) => Scale = Math.Sqrt(Math.Floor(epoch * options.Stages / epochs) + 1);

    /// <inheritdoc/>
    protected override LossValue Evaluate(LossBatch batch)
    {
        Tensor v = Scale.Times(batch.RealCodes).tanh();                             // (B, bits)
        Tensor theta = options.Alpha.Times(v.mm(v.T));                              // (B, B)
        Tensor s = Pairs.Similarity(batch.Labels, batch.Labels);                    // (B, B)
        Tensor cost = Pairs.NegativeLogLikelihood(theta, s);

        // A mean over each kind of pair. The diagonal is similar, so that only the dissimilar ones can be none: then they add 0.
        Tensor different = 1.0.Minus(s);                                            // (B, B)
        Tensor positive = (cost * s).sum() / s.sum().AtLeast(1);
        Tensor negative = (cost * different).sum() / different.sum().AtLeast(1);
        return new LossValue(positive.Plus(negative), [("positive", positive), ("negative", negative)]);
    }
}
