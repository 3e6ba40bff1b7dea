namespace Dpfah.Core.Indexing.Kernels;

/// <summary>What the kernels need of a vector register; one implementation for each width.</summary>
/// <typeparam name="TVector">A vector of 64-bit words.</typeparam>
internal interface IVectorOps<TVector>
    where TVector : struct
{
    /// <summary>Whether this processor has registers of this width.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>Words of 64 bits in a vector.</summary>
    static abstract int Words { get; }

    static abstract TVector Zero { get; }

    static abstract TVector Broadcast(ulong word);

    static abstract unsafe TVector Load(ulong* source);

    static abstract unsafe void Store(TVector vector, ulong* target);

    static abstract TVector Xor(TVector left, TVector right);

    /// <summary>The bits of one vector that are not in the other.</summary>
    static abstract TVector AndNot(TVector keep, TVector drop);

    static abstract TVector Or(TVector left, TVector right);

    static abstract TVector And(TVector left, TVector right);

    static abstract bool IsZero(TVector vector);

    /// <summary>Set bits of each value of four bits, a byte for each, repeated over the vector.</summary>
    static abstract TVector NibbleCounts { get; }

    /// <summary>Set bits of each word.</summary>
    /// <param name="vector">The words.</param>
    /// <param name="nibbleCounts"><see cref="NibbleCounts"/>, fetched before the loop: in it the compiler would make it anew each time.</param>
    static abstract TVector PopCount(TVector vector, TVector nibbleCounts);

    /// <summary>Which words are at most the bound's, the first word as the lowest bit.</summary>
    static abstract uint AtMost(TVector counts, TVector bound);

    /// <summary>Smaller of each two words; the words are counts, far below 2^31.</summary>
    static abstract TVector Min(TVector left, TVector right);

    /// <summary>Each word plus its neighbor: words 0 and 1, 2 and 3, and so on, the sum in both places.</summary>
    static abstract TVector AddPairs(TVector vector);

    /// <summary>Whether a word is at most the bound's word.</summary>
    static abstract bool AnyAtMost(TVector counts, TVector bound);

    /// <summary>Sum bit of a full adder: a xor b xor c.</summary>
    static abstract TVector Sum(TVector a, TVector b, TVector c);

    /// <summary>Carry bit of a full adder: the majority of a, b, c.</summary>
    static abstract TVector Carry(TVector a, TVector b, TVector c);
}
