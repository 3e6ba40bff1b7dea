namespace Dpfah.Core.Codes;

/// <summary>Codes from a .npy matrix of shape (n, bits), one element a bit.</summary>
public static class NpyCodes
{
    /// <summary>Reads codes.</summary>
    /// <param name="stream">A .npy file from its start.</param>
    /// <returns>n codes of 1 to <see cref="BinaryCode.MaxBits"/> bits; column j is bit j.</returns>
    /// <exception cref="InvalidDataException">Damaged, or no codes; the message says what to do.</exception>
    /// <remarks>
    /// The content decides: a matrix of zeros and ones alone holds bits; any other holds real codes or signs, of which bit j is set
    /// when the value is ≥ 0 (Eq. 3 of the paper). One without a negative value is neither, as packed bytes and probabilities are.
    /// </remarks>
    public static CodeMatrix Read(Stream stream)
    {
        NpyFile file = NpyFile.Read(stream);
        if (file.Shape.Count != 2 || file.Shape[0] == 0 || file.Shape[1] is < 1 or > BinaryCode.MaxBits)
        {
            throw new InvalidDataException(
                $"Codes have the shape (n, bits) with 1 to {BinaryCode.MaxBits} bits; this is ({string.Join(", ", file.Shape)}).");
        }

        (int count, int bits) = (file.Shape[0], file.Shape[1]);
        (bool binary, bool negative) = Survey(file, count * bits);
        if (!binary && !negative)
        {
            throw new InvalidDataException(
                "The values are neither 0 and 1 nor real codes around 0: none is negative. Unpack bytes with numpy.unpackbits, and take 0.5 from probabilities.");
        }

        double threshold = binary ? 0.5 : 0;
        var codes = new CodeMatrix(bits, count);
        for (int i = 0, index = 0; i < count; i++)
        {
            for (int j = 0; j < bits; j++, index++)
            {
                if (file.Value(index) >= threshold)
                {
                    codes.SetBit(i, j);
                }
            }
        }

        return codes;
    }

    private static (bool Binary, bool Negative) Survey(NpyFile file, int values)
    {
        (bool binary, bool negative) = (true, false);
        for (int i = 0; i < values; i++)
        {
            double value = file.Value(i);
            if (double.IsNaN(value))
            {
                throw new InvalidDataException($"Value {i % file.Shape[1]} of code {i / file.Shape[1]} is not a number.");
            }

            binary &= value is 0 or 1;
            negative |= value < 0;
        }

        return (binary, negative);
    }
}
