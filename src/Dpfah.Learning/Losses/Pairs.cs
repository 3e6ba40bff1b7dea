using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>What the pairwise losses have in common (method, sections 2 and 4).</summary>
internal static class Pairs
{
    /// <summary>log(1 + eˣ), for every x without overflow.</summary>
    public static Tensor Softplus(Tensor x) => -nn.functional.logsigmoid(-x);

    /// <summary>log cosh x = |x| + log(1 + e^(−2|x|)) − log 2; cosh itself overflows in float32 from 89.</summary>
    public static Tensor LogCosh(Tensor x)
    {
        Tensor a = x.abs();
        return a.Plus((-2.0).Times(a).exp().log1p()).Minus(Math.Log(2));
    }

    /// <summary>Eq. (1): s = 1 for pairs with a shared label, else 0.</summary>
    /// <param name="y">0 or 1, shape (B, classes).</param>
    /// <param name="other">0 or 1, shape (n, classes).</param>
    /// <returns>Shape (B, n), of the type of y.</returns>
    public static Tensor Similarity(Tensor y, Tensor other) => y.mm(other.T).IsAbove(0).to_type(y.dtype);

    /// <summary>Θ = ½⟨u, U⟩ of Eq. (11).</summary>
    /// <param name="u">Shape (B, bits).</param>
    /// <param name="other">Shape (n, bits).</param>
    /// <returns>Shape (B, n).</returns>
    public static Tensor HalfProducts(Tensor u, Tensor other) => 0.5.Times(u.mm(other.T));

    /// <summary>Eq. (12), pair by pair: softplus(Θ) − s Θ, the negative log-likelihood of s under σ(Θ).</summary>
    public static Tensor NegativeLogLikelihood(Tensor theta, Tensor s) => Softplus(theta) - (s * theta);
}
