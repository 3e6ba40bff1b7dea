using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Hashing;
using static TorchSharp.torch;

namespace Dpfah.Learning.Evaluation;

/// <summary>Pictures of a data set under one model: codes, signatures, labels.</summary>
public sealed class EncodedPictures
{
    private EncodedPictures(LabelledCodes codes, float[] realCodes, double quantizationError)
    {
        Codes = codes;
        RealCodes = realCodes;
        QuantizationError = quantizationError;
    }

    /// <summary>Codes, signatures and labels, in the order of the pictures.</summary>
    public LabelledCodes Codes { get; }

    /// <summary>u of each picture, row by row, shape (pictures, bits).</summary>
    public IReadOnlyList<float> RealCodes { get; }

    /// <summary>Mean of |u − sign(u)| over pictures and bits.</summary>
    public double QuantizationError { get; }

    /// <summary>Hashes features as the service does: the same dot products in the same order.</summary>
    /// <param name="features">Features of the pictures, shape (pictures, features), on the CPU.</param>
    /// <param name="pictures">Give the labels.</param>
    /// <param name="layer">The hash layer.</param>
    /// <param name="signature">The signature.</param>
    public static EncodedPictures Of(Tensor features, PictureSet pictures, HashLayer layer, Signature signature)
    {
        int count = pictures.Count;
        float[] values = HashFitting.Floats(features);
        var codes = new CodeMatrix(layer.Bits, count);
        var signatures = new CodeMatrix(ImageCode.SignatureBits, count);
        var labels = new LabelMatrix(pictures.ClassNames.Count, count);
        var realCodes = new float[count * layer.Bits];
        Parallel.For(0, count, i =>
        {
            ReadOnlySpan<float> feature = values.AsSpan(i * layer.Features, layer.Features);
            float[] u = layer.RealCode(feature);
            u.CopyTo(realCodes.AsSpan(i * layer.Bits));
            codes.Set(i, BinaryCode.FromSigns(u));
            signatures.Set(i, signature.Of(feature));
            foreach (int label in pictures.LabelsOf(i))
            {
                labels.Add(i, label);
            }
        });
        double error = realCodes.Sum(u => Math.Abs(u - (u >= 0 ? 1.0 : -1.0))) / realCodes.Length;
        return new EncodedPictures(new LabelledCodes(codes, labels, signatures), realCodes, error);
    }
}
