using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Networks;

/// <summary>
/// Parameter-free attention (PFA): weighs each neuron of a feature map by how much it stands out in its channel.
/// Yang, Wang, Cheng, "Deep parameter-free attention hashing for image retrieval", Sci. Rep. 12:7082 (2022);
/// the module is SimAM (Yang et al., ICML 2021).
/// </summary>
/// <remarks>
/// <para>
/// A neuron t stands out when a linear classifier tells it easily from the others of its channel. The least energy of
/// that classifier has a closed form, Eq. (8), with mean μ and variance V over the M = H·W neurons of the channel:
/// </para>
/// <code>e* = 4(V + λ) / ((t − μ)² + 2V + 2λ)</code>
/// <para>
/// and the attention is A = σ(1/E) ⊙ X, Eq. (9). Here 1/e* is computed without a division by e*:
/// 1/e* = (t − μ)² / (4(V + λ)) + ½. It is at least ½, so that σ(1/e*) lies in [0.622, 1].
/// </para>
/// </remarks>
public sealed class ParameterFreeAttention : nn.Module<Tensor, Tensor>
{
    /// <summary>λ of Eq. (5): the denominator of a constant channel. SimAM's value; the paper gives none.</summary>
    public const double DefaultLambda = 1e-4;

    private readonly double lambda;
    private readonly bool divideByM;

    /// <summary>Creates the module; it has no parameters.</summary>
    /// <param name="lambda">λ of Eq. (5), above 0.</param>
    /// <param name="divideByM">Whether the variance is divided by M in place of M − 1.</param>
    public ParameterFreeAttention(double lambda = DefaultLambda, bool divideByM = false)
        : base(nameof(ParameterFreeAttention))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lambda);
        this.lambda = lambda;
        this.divideByM = divideByM;
    }

    /// <summary>Eq. (9): A = σ(1/E) ⊙ X.</summary>
    /// <param name="x">Feature maps X, shape (B, C, H, W).</param>
    /// <returns>A, of the shape and type of X; the network goes on with X + A.</returns>
    /// <remarks>Half precisions are computed in float32: the squared deviations would underflow or overflow.</remarks>
    public override Tensor forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        ScalarType type = x.dtype;
        if (type is ScalarType.Float16 or ScalarType.BFloat16)
        {
            x = x.to_type(ScalarType.Float32);
        }

        Tensor attention = Weights(x) * x;                                          // A, Eq. (9): (B, C, H, W)
        return attention.to_type(type).MoveToOuterDisposeScope();
    }

    /// <summary>σ(1/E): how much each neuron counts, from 0.622 to 1.</summary>
    /// <param name="x">Feature maps X, shape (B, C, H, W), in single precision or double.</param>
    /// <returns>Shape (B, C, H, W).</returns>
    internal Tensor Weights(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();

        // The divisor is M − 1 as in SimAM's code; a map of one pixel has no variance, not 0/0.
        long neurons = x.shape[2] * x.shape[3];                                     // M
        long divisor = Math.Max(divideByM ? neurons : neurons - 1, 1);
        Tensor mean = x.mean([2, 3], keepdim: true);                                // μ: (B, C, 1, 1)
        Tensor deviation = (x - mean).Squared();                                    // (x − μ)²: (B, C, H, W)
        Tensor variance = deviation.sum([2, 3], keepdim: true).DividedBy(divisor);  // V: (B, C, 1, 1)
        Tensor scale = 4.0.Times(variance.Plus(lambda));                            // 4(V + λ): (B, C, 1, 1)
        Tensor inverseEnergy = (deviation / scale).Plus(0.5);                       // 1/e*, Eq. (8): (B, C, H, W)
        return inverseEnergy.sigmoid().MoveToOuterDisposeScope();
    }
}
