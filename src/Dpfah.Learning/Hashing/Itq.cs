using static TorchSharp.torch;

namespace Dpfah.Learning.Hashing;

/// <summary>
/// Iterative quantisation (Gong and Lazebnik, CVPR 2011): principal components of the features, rotated so that their signs lose
/// as little as possible. Needs no labels.
/// </summary>
public static class Itq
{
    /// <summary>Rounds of alternation, as in the paper.</summary>
    public const int DefaultIterations = 50;

    /// <summary>Seed of the first rotation unless set.</summary>
    public const ulong DefaultSeed = 2011;

    /// <summary>Fits the hash layer.</summary>
    /// <param name="features">Shape (n, features), n above the number of bits.</param>
    /// <param name="bits">Length of the codes, at most the features' length.</param>
    /// <param name="iterations">Rounds of alternation.</param>
    /// <param name="seed">Seed of the first rotation.</param>
    /// <exception cref="ArgumentException">Too few features, or too short ones.</exception>
    public static HashLayer Fit(Tensor features, int bits, int iterations = DefaultIterations, ulong seed = DefaultSeed)
    {
        using IDisposable scope = NewDisposeScope();
        (Tensor mean, Tensor directions) = HashFitting.PrincipalDirections(features, bits);
        Tensor projected = (features.to(ScalarType.Float64) - mean).mm(directions.T); // V, (n, bits)
        (Tensor rotation, _) = Rotate(projected, RandomProjection.OrthonormalRows(bits, bits, seed), iterations);
        return HashFitting.Layer(rotation.T.mm(directions), mean);
    }

    /// <summary>Minimises the quantisation error ‖B − V R‖² over signs B and rotations R in turn.</summary>
    /// <param name="projected">V, centred, shape (n, bits).</param>
    /// <param name="start">First R, orthogonal, shape (bits, bits).</param>
    /// <param name="iterations">Rounds.</param>
    /// <returns>The last R, and the error after the signs and after the rotation of each round, which never rises.</returns>
    internal static (Tensor Rotation, IReadOnlyList<double> Errors) Rotate(Tensor projected, Tensor start, int iterations)
    {
        using IDisposable scope = NewDisposeScope();
        var errors = new List<double>();
        Tensor rotation = start.alias();
        for (int i = 0; i < iterations; i++)
        {
            using IDisposable round = NewDisposeScope();
            Tensor rotated = projected.mm(rotation);
            Tensor signs = where(rotated.IsBelow(0), -1.0, 1.0); // B, (n, bits)
            errors.Add((signs - rotated).Squared().sum().item<double>());

            // Orthogonal Procrustes: with Bᵀ V = U S Wᵀ the best rotation is R = W Uᵀ.
            (Tensor u, _, Tensor wTransposed) = linalg.svd(signs.T.mm(projected), fullMatrices: false);
            Tensor next = wTransposed.T.mm(u.T);
            errors.Add((signs - projected.mm(next)).Squared().sum().item<double>());
            rotation.Dispose();
            rotation = next.MoveToOuterDisposeScope();
        }

        return (rotation.MoveToOuterDisposeScope(), errors);
    }
}
