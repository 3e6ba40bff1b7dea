using System.Buffers.Binary;

namespace Dpfah.Engine.Search;

/// <summary>Weights of bits as text, and from a real code.</summary>
public static class BitWeightText
{
    /// <summary>Four hex digits a bit, the higher first.</summary>
    public static string Write(IReadOnlyList<ushort> weights)
    {
        var bytes = new byte[2 * weights.Count];
        for (int i = 0; i < weights.Count; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2 * i), weights[i]);
        }

        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <returns>False when the text does not hold a weight for each bit.</returns>
    public static bool TryRead(string text, int bits, out ushort[]? weights)
    {
        weights = null;
        if (text.Length != 4 * bits || !text.All(char.IsAsciiHexDigit))
        {
            return false;
        }

        byte[] bytes = Convert.FromHexString(text);
        weights = [.. Enumerable.Range(0, bits).Select(i => BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(2 * i)))];
        return true;
    }

    /// <summary>
    /// |u| in fixed point, the greatest as 65,535: by these weights codes rank as by the asymmetric distance -⟨u, b⟩ to the real code u,
    /// but for what lies below half of a 65,535th of the greatest.
    /// </summary>
    public static ushort[] Of(ReadOnlySpan<float> realCode)
    {
        float greatest = 0;
        foreach (float u in realCode)
        {
            greatest = Math.Max(greatest, Math.Abs(u));
        }

        var weights = new ushort[realCode.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = greatest == 0 ? (ushort)0 : (ushort)MathF.Round(Math.Abs(realCode[i]) / greatest * ushort.MaxValue);
        }

        return weights;
    }
}
