using Dpfah.Core.Codes;

namespace Dpfah.Core.Imaging;

/// <summary>What a heat map of a picture shows.</summary>
public sealed class HeatMapTarget
{
    private HeatMapTarget(IReadOnlyList<float>? bitWeights) => BitWeights = bitWeights;

    /// <summary>The network's attention: how much each place stands out, whatever the code makes of it.</summary>
    public static HeatMapTarget Attention { get; } = new(null);

    /// <summary>Weights w of the picture's real code u, one a bit: the map shows where T = Σ_j w_j u_j comes from. Null for the attention.</summary>
    public IReadOnlyList<float>? BitWeights { get; }

    /// <summary>Where bits of a picture's code come from, chosen by the code of another picture.</summary>
    /// <param name="code">The code b of the picture that is explained, its bits read as ±1: the signs of u.</param>
    /// <param name="other">The code b' of the other picture; as long.</param>
    /// <param name="group">The bits.</param>
    /// <remarks>
    /// Shared and differing bits both show what made them what they are in this picture: T = Σ b_j u_j = Σ |u_j| over the group. That is
    /// the part of ⟨u, b'⟩ that the shared bits give, and the negative of the part that the differing bits give: the places that pulled
    /// them away from b'. All bits show what speaks for being like the other: T = ⟨u, b'⟩.
    /// </remarks>
    /// <exception cref="ArgumentException">The codes have different lengths.</exception>
    public static HeatMapTarget Of(BinaryCode code, BinaryCode other, BitGroup group)
    {
        if (code.Bits != other.Bits)
        {
            throw new ArgumentException($"The codes have {code.Bits} and {other.Bits} bits; those of one model have as many.", nameof(other));
        }

        var weights = new float[code.Bits];
        for (int j = 0; j < weights.Length; j++)
        {
            bool counts = group == BitGroup.All || code[j] == other[j] == (group == BitGroup.Shared);
            bool sign = group == BitGroup.All ? other[j] : code[j];
            weights[j] = !counts ? 0 : sign ? 1 : -1;
        }

        return new HeatMapTarget(weights);
    }
}
