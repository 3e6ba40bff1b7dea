using System.Runtime.CompilerServices;

namespace Dpfah.Learning.Inference;

/// <summary>F(2×2, 3×3), on the points 0, 1, −1, ∞: 2.25 times fewer multiplications.</summary>
internal readonly unsafe struct MinimalFilter2 : IMinimalFilter
{
    public static int Outputs => 2;

    public static int Inputs => 4;

    public static double[,] FilterTransform { get; } = { { 1, 0, 0 }, { 0.5, 0.5, 0.5 }, { 0.5, -0.5, 0.5 }, { 0, 0, 1 } };

    // Bᵀ = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformInput<TLanes, TVector>(TVector* from, nint step, TVector* to, nint toStep)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector d0 = from[0], d1 = from[step], d2 = from[2 * step], d3 = from[3 * step];
        to[0] = TLanes.Subtract(d0, d2);
        to[toStep] = TLanes.Add(d1, d2);
        to[2 * toStep] = TLanes.Subtract(d2, d1);
        to[3 * toStep] = TLanes.Subtract(d1, d3);
    }

    // Aᵀ = [1 1 1 0; 0 1 -1 -1]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TransformOutput<TLanes, TVector>(TVector* from, nint step, TVector* to, nint toStep)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector m0 = from[0], m1 = from[step], m2 = from[2 * step], m3 = from[3 * step];
        to[0] = TLanes.Add(m0, TLanes.Add(m1, m2));
        to[toStep] = TLanes.Subtract(TLanes.Subtract(m1, m2), m3);
    }
}
