using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Dpfah.Learning.Hashing;

/// <summary>
/// Sums in one order on every machine. libtorch's matrix product picks its order by batch size and thread count, so a real code
/// near zero would flip its bit with the company it has in the batch.
/// </summary>
internal static class FixedOrder
{
    /// <summary>Dot product in double precision: four running sums (elements 0, 4, 8 …; 1, 5, 9 …; …), added from first to last.</summary>
    /// <remarks>
    /// Never a fused multiply-add: <see cref="Vector256"/> multiplies, then adds, in hardware or in software with the same roundings.
    /// </remarks>
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        ReadOnlySpan<Vector256<double>> x = MemoryMarshal.Cast<double, Vector256<double>>(a);
        ReadOnlySpan<Vector256<double>> y = MemoryMarshal.Cast<double, Vector256<double>>(b[..a.Length]);
        Vector256<double> sums = Vector256<double>.Zero;
        for (int i = 0; i < x.Length; i++)
        {
            sums += x[i] * y[i];
        }

        double sum = sums[0] + sums[1] + sums[2] + sums[3];
        for (int i = x.Length * Vector256<double>.Count; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    /// <summary>Widens floats to doubles.</summary>
    public static double[] Widen(ReadOnlySpan<float> values)
    {
        var wide = new double[values.Length];
        for (int i = 0; i < wide.Length; i++)
        {
            wide[i] = values[i];
        }

        return wide;
    }
}
