using static TorchSharp.torch;

namespace Dpfah.Learning.Hashing;

/// <summary>What the hash layers that are fitted without labels have in common.</summary>
internal static class HashFitting
{
    /// <summary>Mean and principal directions of features.</summary>
    /// <param name="features">Shape (n, features), more rows than <paramref name="count"/>.</param>
    /// <param name="count">Directions wanted, at most the features' length.</param>
    /// <returns>Mean (features) and directions (count, features) by falling variance, the largest component of each positive.</returns>
    /// <exception cref="ArgumentException">Too few features, or too short ones.</exception>
    public static (Tensor Mean, Tensor Directions) PrincipalDirections(Tensor features, int count)
    {
        ThrowIfTooFew(features, count);
        using IDisposable scope = NewDisposeScope();
        Tensor x = features.to(ScalarType.Float64);
        Tensor mean = x.mean([0]);
        Tensor centred = x - mean;
        Tensor covariance = centred.T.mm(centred).DividedBy(x.shape[0]);
        (_, Tensor vectors) = linalg.eigh(covariance); // columns by rising eigenvalue
        Tensor directions = vectors.T.flip(0)[..count]; // (count, features)
        Tensor largest = directions.gather(1, directions.abs().argmax(1, keepdim: true)); // (count, 1)
        return (mean.MoveToOuterDisposeScope(), (directions * largest.sign()).MoveToOuterDisposeScope());
    }

    /// <summary>The layer u = W (φ − mean), with the mean folded into the bias.</summary>
    /// <param name="weight">W, shape (bits, features).</param>
    /// <param name="mean">Shape (features).</param>
    public static HashLayer Layer(Tensor weight, Tensor mean)
    {
        using IDisposable scope = NewDisposeScope();
        return new HashLayer(Floats(weight), Floats(-weight.mv(mean)));
    }

    /// <summary>The values as floats, row by row.</summary>
    public static float[] Floats(Tensor tensor)
    {
        using IDisposable scope = NewDisposeScope();
        return tensor.to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    /// <exception cref="ArgumentException">Not a matrix with more rows and at least as many columns as bits.</exception>
    public static void ThrowIfTooFew(Tensor features, int bits)
    {
        Core.Codes.BinaryCode.ThrowIfInvalidLength(bits);
        if (features.dim() != 2 || features.shape[0] <= bits || features.shape[1] < bits)
        {
            throw new ArgumentException(
                $"A hash layer of {bits} bits needs more than {bits} features of at least {bits} values; " +
                $"it was given shape ({string.Join(", ", features.shape)}).",
                nameof(features));
        }
    }
}
