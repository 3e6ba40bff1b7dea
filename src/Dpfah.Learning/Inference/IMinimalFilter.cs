namespace Dpfah.Learning.Inference;

/// <summary>
/// A minimal filtering algorithm F(m×m, 3×3) of Winograd: m² outputs of a 3x3 window by (m + 2)² multiplications in place of 9 m².
/// </summary>
/// <remarks>
/// Lavin and Gray, "Fast algorithms for convolutional neural networks" (2015), arXiv 1509.09308: Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A for a
/// window d of (m + 2)² inputs and a filter g. Summed over the input channels, ⊙ becomes (m + 2)² products of matrices.
/// </remarks>
internal unsafe interface IMinimalFilter
{
    /// <summary>m, the side of a tile of outputs.</summary>
    static abstract int Outputs { get; }

    /// <summary>m + 2, the side of a tile of inputs.</summary>
    static abstract int Inputs { get; }

    /// <summary>G, (m + 2) × 3.</summary>
    static abstract double[,] FilterTransform { get; }

    /// <summary>Bᵀ times a vector of m + 2.</summary>
    /// <param name="from">The first of them.</param>
    /// <param name="step">Vectors from one to the next.</param>
    /// <param name="to">Where the m + 2 results go, side by side.</param>
    /// <param name="toStep">Vectors from one result to the next.</param>
    static abstract void TransformInput<TLanes, TVector>(TVector* from, nint step, TVector* to, nint toStep)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>Aᵀ times a vector of m + 2.</summary>
    /// <inheritdoc cref="TransformInput"/>
    static abstract void TransformOutput<TLanes, TVector>(TVector* from, nint step, TVector* to, nint toStep)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;
}
