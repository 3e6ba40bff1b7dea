using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using static TorchSharp.torch;

namespace Dpfah.Learning.Hashing;

/// <summary>The fine code: 256 signs of a fixed orthogonal projection of the centred feature, for order among ties.</summary>
/// <remarks>
/// Made once, when the model is made, and carried by its file from then on. Immutable; safe to use from many threads.
/// </remarks>
public sealed class Signature
{
    /// <summary>Seed of the projection of every model that this program makes.</summary>
    public const ulong DefaultSeed = 256;

    private readonly double[] wideProjection;

    /// <summary>Takes the values of a model file.</summary>
    /// <param name="projection">Row by row, shape (256, features), orthonormal rows.</param>
    /// <param name="centre">Mean feature of the pictures that the model was fitted on.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or a value is not finite.</exception>
    public Signature(float[] projection, float[] centre)
    {
        if (centre.Length == 0 || projection.Length != ImageCode.SignatureBits * centre.Length)
        {
            throw new ArgumentException(
                $"A centre of {centre.Length} values needs a projection of {ImageCode.SignatureBits} rows of as many; " +
                $"it has {projection.Length} values.",
                nameof(projection));
        }

        if (!projection.All(float.IsFinite) || !centre.All(float.IsFinite))
        {
            throw new ArgumentException("The signature has a value that is not finite.");
        }

        Projection = projection;
        Centre = centre;
        wideProjection = FixedOrder.Widen(projection);
    }

    /// <summary>The projection, row by row, shape (256, features).</summary>
    public IReadOnlyList<float> Projection { get; }

    /// <summary>The feature that is subtracted before the projection.</summary>
    public IReadOnlyList<float> Centre { get; }

    /// <summary>Makes the signature of a new model.</summary>
    /// <param name="features">Features of its fitting or training pictures, shape (n, features); features at least 256.</param>
    /// <param name="seed">Seed of the projection.</param>
    public static Signature Fit(Tensor features, ulong seed = DefaultSeed)
    {
        using IDisposable scope = NewDisposeScope();
        Tensor centre = features.to(ScalarType.Float64).mean([0]); // (features)
        Tensor projection = RandomProjection.OrthonormalRows(ImageCode.SignatureBits, (int)features.shape[1], seed);
        return new Signature(HashFitting.Floats(projection), HashFitting.Floats(centre));
    }

    /// <summary>The signature of one feature.</summary>
    /// <exception cref="ArgumentException">The feature has another length.</exception>
    public BinaryCode Of(ReadOnlySpan<float> feature)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(feature.Length, Centre.Count, nameof(feature));
        double[] centred = FixedOrder.Widen(feature);
        for (int i = 0; i < centred.Length; i++)
        {
            centred[i] -= Centre[i];
        }

        Span<float> projected = stackalloc float[ImageCode.SignatureBits];
        for (int bit = 0; bit < projected.Length; bit++)
        {
            projected[bit] = (float)FixedOrder.Dot(centred, wideProjection.AsSpan(bit * centred.Length));
        }

        return BinaryCode.FromSigns(projected);
    }
}
