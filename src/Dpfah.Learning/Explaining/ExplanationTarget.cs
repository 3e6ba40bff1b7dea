using Dpfah.Core.Codes;
using Dpfah.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Explaining;

/// <summary>The one number T of a picture that a heat map explains (method, section 10).</summary>
public sealed class ExplanationTarget
{
    private readonly Func<DpfahNetwork, Tensor, Tensor> compute;

    private ExplanationTarget(Func<DpfahNetwork, Tensor, Tensor> compute) => this.compute = compute;

    /// <summary>T = Σ_k |u_k|: what makes the real code as strong as it is.</summary>
    public static ExplanationTarget CodeStrength { get; } =
        new((network, feature) => network.HashLayer.call(feature).abs().sum());

    /// <summary>T = o_y: what speaks for a class.</summary>
    /// <param name="label">Index y of the class, from 0; one beyond the network's classes is refused when T is computed.</param>
    public static ExplanationTarget ClassScore(int label)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        return new((network, feature) =>
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, network.ClassLayer.weight.shape[0], nameof(label));
            return network.ClassLayer.call(feature)[0, label];
        });
    }

    /// <summary>T = ⟨u, b⟩: what in the query matches a result.</summary>
    /// <param name="result">Code b of the result, its bits read as ±1; of the network's length.</param>
    public static ExplanationTarget Similarity(BinaryCode result)
    {
        var signs = new float[result.Bits];
        for (int i = 0; i < signs.Length; i++)
        {
            signs[i] = (result.Words[i >> 6] >> (i & 63) & 1) == 1 ? 1 : -1;
        }

        return Similarity(signs);
    }

    /// <inheritdoc cref="Similarity(BinaryCode)"/>
    /// <param name="result">b as numbers, each 1 or −1, as many as the network has bits.</param>
    /// <exception cref="ArgumentException">A number is neither 1 nor −1.</exception>
    public static ExplanationTarget Similarity(IReadOnlyList<float> result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.Any(sign => sign is not (1 or -1)))
        {
            throw new ArgumentException("A code has the numbers 1 and -1 only.", nameof(result));
        }

        float[] signs = [.. result];
        return new((network, feature) =>
        {
            Tensor realCode = network.HashLayer.call(feature)[0];                   // u: (bits)
            if (realCode.shape[0] != signs.Length)
            {
                throw new ArgumentException(
                    $"The result's code has {signs.Length} bits, the network's {realCode.shape[0]}.", nameof(result));
            }

            return realCode.dot(tensor(signs, realCode.dtype, realCode.device));
        });
    }

    /// <summary>T of one feature.</summary>
    /// <param name="network">Gives the hash layer and the class layer.</param>
    /// <param name="feature">φ, shape (1, 512).</param>
    /// <returns>A scalar that keeps its history.</returns>
    internal Tensor Compute(DpfahNetwork network, Tensor feature)
    {
        using DisposeScope scope = NewDisposeScope();
        return compute(network, feature).MoveToOuterDisposeScope();
    }
}
