using System.Runtime.InteropServices;

namespace Dpfah.Core.Indexing.Kernels;

/// <summary>Queries made ready to be compared with blocks of bit planes, and the matches of one block.</summary>
internal sealed unsafe class SlicedBatch : IDisposable
{
    /// <summary>Bits of the vertical counters: they count from 0 to 255.</summary>
    public const int CounterBits = 8;

    /// <summary>Vectors for one triple of planes: for each of 8 values of the query's three bits a sum and a carry.</summary>
    public const int TripleVectors = 16;

    private readonly ushort* picks;
    private readonly ulong* biases;
    private readonly int[] bounds;
    private readonly ulong[][] codes;

    private readonly int vectorWords;

    /// <param name="bits">Length of the codes, at most <see cref="BitPlanes.MaxBits"/>.</param>
    /// <param name="capacity">Most queries at a time.</param>
    /// <param name="vectorWords">Words of the kernel's vectors, which the places in <see cref="Scratch"/> depend on.</param>
    public SlicedBatch(int bits, int capacity, int vectorWords)
    {
        this.vectorWords = vectorWords;
        Bits = bits;
        Triples = (bits + 2) / 3;
        codes = new ulong[capacity][];
        bounds = new int[capacity];
        picks = (ushort*)NativeMemory.AlignedAlloc((nuint)(capacity * Triples * sizeof(ushort)), 64);
        biases = (ulong*)NativeMemory.AlignedAlloc((nuint)(capacity * CounterBits * sizeof(ulong)), 64);
        Scratch = (ulong*)NativeMemory.AlignedAlloc((nuint)(Triples * TripleVectors * BitPlanes.BlockWords * sizeof(ulong)), 64);

        // A block is told in as many pieces as a vector is narrower than a plane; a word each at worst.
        int pieces = capacity * BitPlanes.BlockWords;
        Matches = (ulong*)NativeMemory.AlignedAlloc((nuint)(pieces * BitPlanes.BlockWords * sizeof(ulong)), 64);
        Found = new (int, int)[pieces];
    }

    public int Bits { get; }

    /// <summary>Planes are counted in threes; the last triple may lack one or two.</summary>
    public int Triples { get; }

    public int Count { get; private set; }

    /// <summary>Room for the sums and carries of all triples of a block.</summary>
    public ulong* Scratch { get; }

    /// <summary>For each piece of a block with matches, in <see cref="Found"/>: 8 words.</summary>
    public ulong* Matches { get; }

    /// <summary>Query and first word in the block of each piece with matches.</summary>
    public (int Query, int Word)[] Found { get; }

    /// <summary>Pieces of this block with matches.</summary>
    public int FoundCount { get; private set; }

    /// <summary>Adds a query.</summary>
    /// <param name="code">Its code's words.</param>
    /// <param name="bound">Greatest distance of interest.</param>
    public void Add(ulong[] code, int bound)
    {
        int query = Count++;
        codes[query] = code;
        for (int triple = 0; triple < Triples; triple++)
        {
            int value = 0;
            for (int i = 0; i < 3 && (3 * triple) + i < Bits; i++)
            {
                value |= Bit(query, (3 * triple) + i) << i;
            }

            Picks(query)[triple] = (ushort)(((triple * 8) + value) * 2 * vectorWords);
        }

        SetBound(query, bound);
    }

    public void Clear() => Count = 0;

    public int Bit(int query, int bit) => (int)(codes[query][bit >> 6] >> (bit & 63) & 1);

    public int Bound(int query) => bounds[query];

    /// <summary>Sets the greatest distance of interest.</summary>
    /// <remarks>The counters start at 255 - bound, so a code beyond the bound makes them overflow: the carry is the answer.</remarks>
    public void SetBound(int query, int bound)
    {
        bounds[query] = bound;
        int start = (1 << CounterBits) - 1 - bound;
        for (int bit = 0; bit < CounterBits; bit++)
        {
            Bias(query)[bit] = (start >> bit & 1) != 0 ? ulong.MaxValue : 0;
        }
    }

    /// <summary>For each triple: the word of <see cref="Scratch"/> where the sum for this query begins; the carry follows it.</summary>
    public ushort* Picks(int query) => picks + (query * Triples);

    /// <summary>First value of the counters, a word for each of their bits.</summary>
    public ulong* Bias(int query) => biases + (query * CounterBits);

    public void BeginBlock() => FoundCount = 0;

    public void Add(int query, int word, ulong* matches, int words)
    {
        Found[FoundCount] = (query, word);
        new Span<ulong>(matches, words).CopyTo(new Span<ulong>(Matches + ((long)FoundCount * BitPlanes.BlockWords), words));
        FoundCount++;
    }

    /// <summary>Takes a place for a piece with matches and says where its words go.</summary>
    public ulong* Add(int query, int word)
    {
        Found[FoundCount] = (query, word);
        return Matches + ((long)FoundCount++ * BitPlanes.BlockWords);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(picks);
        NativeMemory.AlignedFree(biases);
        NativeMemory.AlignedFree(Scratch);
        NativeMemory.AlignedFree(Matches);
    }
}
