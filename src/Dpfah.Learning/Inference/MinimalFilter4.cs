using System.Runtime.CompilerServices;

namespace Dpfah.Learning.Inference;

/// <summary>F(4×4, 3×3), on the points 0, ±a, ±b, ∞: 4 times fewer multiplications.</summary>
/// <remarks>
/// Bᵀ, G and Aᵀ are those of Toom and Cook for these points; with a = 1 and b = 2 they are the ones that the paper prints. Points whose
/// powers stay near 1 lose fewer bits: with 5/8 and 3/2 the error is a third of that, two to three times a sum's over the window, and
/// all constants but those of G are exact in float32.
/// </remarks>
internal readonly unsafe struct MinimalFilter4 : IMinimalFilter
{
    private const double A = PointA * PointA;
    private const double B = PointB * PointB;
    private const double PointA = 0.625;
    private const double PointB = 1.5;

    public static int Outputs => 4;

    public static int Inputs => 6;

    // The row of a point p: (1, p, p²) over the product of its distances to the other points.
    public static double[,] FilterTransform { get; } = Rows();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformInput<TLanes, TVector>(TVector* from, nint step, TVector* to, nint toStep)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector product = TLanes.Splat((float)(A * B)), sum = TLanes.Splat((float)-(A + B));
        TVector minusA = TLanes.Splat((float)-A), minusB = TLanes.Splat((float)-B);
        TVector d0 = from[0], d1 = from[step], d2 = from[2 * step], d3 = from[3 * step], d4 = from[4 * step], d5 = from[5 * step];

        // The polynomials of p and −p differ in the sign of their odd half.
        TVector evenA = TLanes.MultiplyAdd(minusB, d2, d4), oddA = TLanes.MultiplyAdd(minusB, d1, d3);
        TVector evenB = TLanes.MultiplyAdd(minusA, d2, d4), oddB = TLanes.MultiplyAdd(minusA, d1, d3);
        to[0] = TLanes.MultiplyAdd(product, d0, TLanes.MultiplyAdd(sum, d2, d4));
        to[toStep] = TLanes.MultiplyAdd(TLanes.Splat((float)PointA), oddA, evenA);
        to[2 * toStep] = TLanes.MultiplyAdd(TLanes.Splat((float)-PointA), oddA, evenA);
        to[3 * toStep] = TLanes.MultiplyAdd(TLanes.Splat((float)PointB), oddB, evenB);
        to[4 * toStep] = TLanes.MultiplyAdd(TLanes.Splat((float)-PointB), oddB, evenB);
        to[5 * toStep] = TLanes.MultiplyAdd(product, d1, TLanes.MultiplyAdd(sum, d3, d5));
    }

    // Aᵀ: row i holds the points' i-th powers; infinity counts in the last row only.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformOutput<TLanes, TVector>(TVector* from, nint step, TVector* to, nint toStep)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector m0 = from[0], m1 = from[step], m2 = from[2 * step], m3 = from[3 * step], m4 = from[4 * step], m5 = from[5 * step];
        TVector evenA = TLanes.Add(m1, m2), oddA = TLanes.Subtract(m1, m2);
        TVector evenB = TLanes.Add(m3, m4), oddB = TLanes.Subtract(m3, m4);
        to[0] = TLanes.Add(m0, TLanes.Add(evenA, evenB));
        to[toStep] = TLanes.MultiplyAdd(TLanes.Splat((float)PointA), oddA, TLanes.Multiply(TLanes.Splat((float)PointB), oddB));
        to[2 * toStep] = TLanes.MultiplyAdd(TLanes.Splat((float)A), evenA, TLanes.Multiply(TLanes.Splat((float)B), evenB));
        to[3 * toStep] = TLanes.MultiplyAdd(
            TLanes.Splat((float)(A * PointA)), oddA, TLanes.MultiplyAdd(TLanes.Splat((float)(B * PointB)), oddB, m5));
    }

    private static double[,] Rows()
    {
        double[] points = [0, PointA, -PointA, PointB, -PointB];
        var rows = new double[6, 3];
        for (int i = 0; i < points.Length; i++)
        {
            double distances = points.Where(other => other != points[i]).Aggregate(1.0, (product, other) => product * (points[i] - other));
            (rows[i, 0], rows[i, 1], rows[i, 2]) = (1 / distances, points[i] / distances, points[i] * points[i] / distances);
        }

        rows[5, 2] = 1;
        return rows;
    }
}
