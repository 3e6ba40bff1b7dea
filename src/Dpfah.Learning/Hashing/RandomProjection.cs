using Dpfah.Learning.Datasets;
using static TorchSharp.torch;

namespace Dpfah.Learning.Hashing;

/// <summary>Signs of a seeded random orthogonal projection of the centred feature: a hash layer that needs nothing but a mean.</summary>
public static class RandomProjection
{
    /// <summary>Seed of the projection unless set.</summary>
    public const ulong DefaultSeed = 64;

    /// <summary>Makes the hash layer.</summary>
    /// <param name="features">Features whose mean is the centre, shape (n, features).</param>
    /// <param name="bits">Length of the codes, at most the features' length.</param>
    /// <param name="seed">Seed of the projection.</param>
    /// <exception cref="ArgumentException">Too few features, or too short ones.</exception>
    public static HashLayer Fit(Tensor features, int bits, ulong seed = DefaultSeed)
    {
        HashFitting.ThrowIfTooFew(features, bits);
        using IDisposable scope = NewDisposeScope();
        Tensor projection = OrthonormalRows(bits, (int)features.shape[1], seed);
        return HashFitting.Layer(projection, features.to(ScalarType.Float64).mean([0]));
    }

    /// <summary>A random matrix with orthonormal rows, uniform in direction.</summary>
    /// <param name="rows">At most <paramref name="columns"/>.</param>
    /// <param name="columns">Length of a row.</param>
    /// <param name="seed">Seed of the Gaussian matrix.</param>
    /// <returns>Doubles, shape (rows, columns).</returns>
    /// <remarks>
    /// Q of the QR decomposition of a Gaussian (columns, rows) filled row by row, with R's diagonal made positive
    /// (Mezzadri 2007): that makes Q unique, whatever the LAPACK.
    /// </remarks>
    internal static Tensor OrthonormalRows(int rows, int columns, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, columns);
        using IDisposable scope = NewDisposeScope();
        var random = new SeededRandom(seed);
        var values = new double[rows * columns];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = random.NextGaussian();
        }

        (Tensor q, Tensor r) = linalg.qr(tensor(values, [columns, rows])); // (columns, rows), (rows, rows)
        return (q * r.diagonal().sign()).T.contiguous().MoveToOuterDisposeScope();
    }
}
