using Dpfah.Core.Codes;

namespace Dpfah.Learning.Hashing;

/// <summary>The hash layer at work: u = W φ + v (Eq. 16), computed so that a feature always gets the same real code.</summary>
/// <remarks>Immutable; safe to use from many threads.</remarks>
public sealed class HashLayer
{
    private readonly double[] wideWeight;

    /// <summary>Takes fitted or trained values.</summary>
    /// <param name="weight">W, row by row, shape (bits, features).</param>
    /// <param name="bias">v, one value a bit.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or a value is not finite.</exception>
    public HashLayer(float[] weight, float[] bias)
    {
        BinaryCode.ThrowIfInvalidLength(bias.Length, nameof(bias));
        if (weight.Length == 0 || weight.Length % bias.Length != 0)
        {
            throw new ArgumentException($"{weight.Length} weights are not {bias.Length} rows.", nameof(weight));
        }

        if (!weight.All(float.IsFinite) || !bias.All(float.IsFinite))
        {
            throw new ArgumentException("The hash layer has a value that is not finite.");
        }

        Weight = weight;
        Bias = bias;
        wideWeight = FixedOrder.Widen(weight);
    }

    /// <summary>Length of the codes in bits.</summary>
    public int Bits => Bias.Count;

    /// <summary>Length of the features.</summary>
    public int Features => Weight.Count / Bits;

    /// <summary>W, row by row, shape (bits, features).</summary>
    public IReadOnlyList<float> Weight { get; }

    /// <summary>v, one value a bit.</summary>
    public IReadOnlyList<float> Bias { get; }

    /// <summary>The real code u of one feature φ.</summary>
    /// <exception cref="ArgumentException">The feature has another length.</exception>
    public float[] RealCode(ReadOnlySpan<float> feature)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(feature.Length, Features, nameof(feature));
        double[] phi = FixedOrder.Widen(feature);
        var u = new float[Bits];
        for (int bit = 0; bit < u.Length; bit++)
        {
            u[bit] = (float)(FixedOrder.Dot(phi, wideWeight.AsSpan(bit * phi.Length)) + Bias[bit]);
        }

        return u;
    }
}
