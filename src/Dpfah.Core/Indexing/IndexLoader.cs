using Dpfah.Core.Codes;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Indexing;

/// <summary>Builds an index of many items in one pass, without the tails and merges that single changes go through.</summary>
/// <typeparam name="T">The caller's immutable record of an item.</typeparam>
public sealed class IndexLoader<T>
{
    // A load is waited for; the merges beside searches leave the other processor to these.
    private static readonly int Threads = Math.Min(2, Environment.ProcessorCount);

    private readonly int bits;
    private readonly int signatureBits;
    private readonly IndexTuning tuning;
    private readonly List<SealedSegment<T>> done = [];
    private SegmentBuilder<T> builder;

    /// <summary>Begins an index.</summary>
    /// <param name="bits">Length of the codes in bits; a multiple of 8.</param>
    /// <param name="signatureBits">Length of the signatures in bits; a multiple of 8, or 0 to keep none.</param>
    /// <param name="capacity">Items expected; more may come.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length that no code can have, or a negative capacity.</exception>
    public IndexLoader(int bits, int signatureBits, int capacity)
        : this(bits, signatureBits, capacity, IndexTuning.Default)
    {
    }

    internal IndexLoader(int bits, int signatureBits, int capacity, IndexTuning tuning)
    {
        BinaryCode.ThrowIfInvalidLength(bits);
        if (signatureBits != 0)
        {
            BinaryCode.ThrowIfInvalidLength(signatureBits);
        }

        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        this.bits = bits;
        this.signatureBits = signatureBits;
        this.tuning = tuning;
        builder = new SegmentBuilder<T>(bits, signatureBits, Math.Min(capacity, SegmentBuilder<T>.MaxCount), tuning);
    }

    /// <summary>Adds an item; ids in ascending order are the fastest.</summary>
    /// <param name="id">Item number, each once.</param>
    /// <param name="code">Words of its code, as <see cref="BinaryCode.Words"/> gives them.</param>
    /// <param name="signature">Words of its signature; empty when the index keeps none.</param>
    /// <param name="item">What searches give back.</param>
    /// <exception cref="ArgumentException">A number of words that the length does not have.</exception>
    public void Add(long id, ReadOnlySpan<ulong> code, ReadOnlySpan<ulong> signature, T item)
    {
        Require(code.Length, bits, nameof(code), id);
        Require(signature.Length, signatureBits, nameof(signature), id);
        if (builder.Count == SegmentBuilder<T>.MaxCount)
        {
            done.Add(builder.Build(Threads));
            builder = new SegmentBuilder<T>(bits, signatureBits, 0, tuning);
        }

        builder.Add(id, code, signature, item);
    }

    /// <summary>The index; the loader is spent.</summary>
    /// <exception cref="ArgumentException">An id was added twice.</exception>
    public HammingIndex<T> Build()
    {
        if (builder.Count != 0)
        {
            done.Add(builder.Build(Threads));
        }

        return new HammingIndex<T>(bits, signatureBits, tuning, [.. done]);
    }

    private static void Require(int words, int length, string name, long id)
    {
        if (words != BinaryCode.WordsFor(length))
        {
            throw new ArgumentException($"The {name} of item {id} has {words} words; {length} bits need {BinaryCode.WordsFor(length)}.", name);
        }
    }
}
