using static TorchSharp.torch;

namespace Dpfah.Learning.Hashing;

/// <summary>Signs of the first principal components: ITQ without its rotation, the yardstick that it must beat.</summary>
public static class PcaHashing
{
    /// <summary>Fits the hash layer.</summary>
    /// <param name="features">Shape (n, features), n above the number of bits.</param>
    /// <param name="bits">Length of the codes, at most the features' length.</param>
    /// <exception cref="ArgumentException">Too few features, or too short ones.</exception>
    public static HashLayer Fit(Tensor features, int bits)
    {
        using IDisposable scope = NewDisposeScope();
        (Tensor mean, Tensor directions) = HashFitting.PrincipalDirections(features, bits);
        return HashFitting.Layer(directions, mean);
    }
}
