using Dpfah.Core.Codes;
using Dpfah.Core.Indexing.Filters;

namespace Dpfah.Core.Indexing;

/// <summary>What to look for in a snapshot.</summary>
/// <typeparam name="T">The caller's immutable record of an item.</typeparam>
public sealed record IndexQuery<T>
{
    /// <summary>Code of the index's length.</summary>
    public required BinaryCode Code { get; init; }

    /// <summary>Signature of the index's length, for the order among equal distances; without one that order is by id.</summary>
    public BinaryCode? Signature { get; init; }

    /// <summary>
    /// A weight for each bit of the code, for the order among equal distances, before the signature: the sum over the bits that differ.
    /// With the query's |u| in fixed point that is the order of the asymmetric distance -⟨u, b⟩, whose other part is the same for all
    /// codes b in {-1, 1} of a query. Null for none.
    /// </summary>
    public IReadOnlyList<ushort>? Weights { get; init; }

    /// <summary>Neighbors wanted, at least 1; may exceed the number of items.</summary>
    public required int K { get; init; }

    /// <summary>Greatest Hamming distance of a neighbor, from 0 to the code's length; null for no limit.</summary>
    public int? Radius { get; init; }

    /// <summary>Which items may be neighbors; null for all.</summary>
    public ItemFilter? Filter { get; init; }

    /// <summary>Item number that is left out, such as that of the item whose code this is; null for none.</summary>
    public long? Exclude { get; init; }

    /// <summary>Where the page starts: only items that rank after this key are returned; null for the first page.</summary>
    public RankKey? After { get; init; }

    /// <summary>Throws unless an index of these lengths can answer; the exception's parameter is the property's name.</summary>
    internal void ThrowIfInvalid(int bits, int signatureBits)
    {
        Require(Code.Bits == bits, nameof(Code), $"The query's code has {Code.Bits} bits; the index holds codes of {bits}.");
        Require(
            Signature is null || Signature.Value.Bits == signatureBits,
            nameof(Signature),
            $"The query's signature has {Signature?.Bits} bits; the index holds signatures of {signatureBits}.");
        Require(Weights is null || Weights.Count == bits, nameof(Weights), $"There are {Weights?.Count} weights; the codes have {bits} bits.");
        Require(K >= 1, nameof(K), $"{K} neighbors are wanted; ask for at least 1.");
        Require(Radius is null || (Radius >= 0 && Radius <= bits), nameof(Radius), $"The radius is {Radius}; it must be from 0 to {bits}.");
        Require(
            After is null || (After.Value.FineDistance.HasValue == Signature.HasValue && After.Value.WeightedDistance.HasValue == Weights is not null),
            nameof(After),
            "The key has a fine distance exactly when the query has a signature, and a weighted one when it has weights; this one comes from another ranking.");
    }

    private static void Require(bool condition, string property, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message, property);
        }
    }
}
