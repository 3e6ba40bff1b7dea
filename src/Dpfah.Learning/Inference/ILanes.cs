namespace Dpfah.Learning.Inference;

/// <summary>Vectors of float32 of one width, so that each kernel is written once for all widths.</summary>
/// <typeparam name="TVector">The vector itself: a register, not a wrapper of one, which the compiler would keep in memory.</typeparam>
/// <remarks>Lanes are output channels everywhere, and never summed over: a sum has the same order at every width.</remarks>
internal unsafe interface ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Floats of a vector.</summary>
    static abstract int Count { get; }

    /// <summary>Vectors side by side in a block of <see cref="ProductKernel"/>: with six rows, as many sums as there are registers for.</summary>
    static abstract int BlockVectors { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* destination);

    static abstract TVector Splat(float value);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    static abstract TVector Divide(TVector a, TVector b);

    static abstract TVector Max(TVector a, TVector b);

    /// <summary>2ⁿ.</summary>
    /// <param name="shifted">n + 1.5 · 2²³, whose last bits are n: a whole number from −126 to 127.</param>
    static abstract TVector PowerOfTwo(TVector shifted);
}
