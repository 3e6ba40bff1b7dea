using Dpfah.Core.Indexing.Kernels;

namespace Dpfah.Core.Indexing.MultiIndex;

/// <summary>For each part of the codes a table from the part's value to the codes that have it, stored side by side.</summary>
internal sealed unsafe class PartTables
{
    // Without a few steps nothing is known of a query: so much of a scan's time is risked for them, less where that was often in vain.
    private const double LeastExploration = 0.01, MostExploration = 0.1;
    private const int FullLuck = 64, LuckShift = 3;

    private readonly int[][] starts;
    private readonly AlignedWords[] codes;
    private readonly int[]?[] positions;
    private int luck = FullLuck / 2;

    /// <param name="sorted">Codes in numeric order, each once or not: they are the table of part 0 themselves.</param>
    /// <param name="bits">Length of a code.</param>
    /// <param name="count">Number of codes.</param>
    public PartTables(AlignedWords sorted, int bits, int count)
    {
        Layout = PartLayout.Of(bits);
        Count = count;
        WordsPerCode = (bits + 63) / 64;
        starts = new int[Layout.Parts][];
        codes = new AlignedWords[Layout.Parts];
        positions = new int[]?[Layout.Parts];
        for (int part = 0; part < Layout.Parts; part++)
        {
            starts[part] = CountValues(sorted, part);
            codes[part] = part == 0 ? sorted : Distribute(sorted, part);
        }

        // Each query asks.
        MemoryBytes = starts.Sum(s => sizeof(int) * s.LongLength)
            + positions.Sum(p => sizeof(int) * (p?.LongLength ?? 0)) + codes.Skip(1).Sum(c => c.MemoryBytes);
    }

    public PartLayout Layout { get; }

    /// <summary>Share of a scan's time that a query may spend here before the tables promise to win.</summary>
    public double Exploration => LeastExploration + ((MostExploration - LeastExploration) * Volatile.Read(ref luck) / FullLuck);

    public int Count { get; }

    public int WordsPerCode { get; }

    /// <summary>Bytes beside the sorted codes.</summary>
    public long MemoryBytes { get; }

    /// <summary>Where the codes of each value of a part begin; one more at the end.</summary>
    public int[] Starts(int part) => starts[part];

    /// <summary>The codes in the order of a part's values.</summary>
    public AlignedWords Codes(int part) => codes[part];

    /// <summary>Position in the segment of the codes of a part's table; null when they are the segment's own.</summary>
    public int[]? Positions(int part) => positions[part];

    /// <summary>Notes how a query fared. Threads may overwrite each other's note: it decides about time alone.</summary>
    public void Learn(bool won)
    {
        int now = Volatile.Read(ref luck);
        Volatile.Write(ref luck, won ? now + ((FullLuck - now + (1 << LuckShift) - 1) >> LuckShift) : now - (now >> LuckShift));
    }

    private int[] CountValues(AlignedWords sorted, int part)
    {
        var first = new int[(1 << Layout.Width(part)) + 1];
        for (int i = 0; i < Count; i++)
        {
            first[Layout.Value(sorted.Pointer + ((long)i * WordsPerCode), part) + 1]++;
        }

        for (int value = 1; value < first.Length; value++)
        {
            first[value] += first[value - 1];
        }

        return first;
    }

    private AlignedWords Distribute(AlignedWords sorted, int part)
    {
        int[] next = [.. starts[part]];
        var target = new AlignedWords((long)Count * WordsPerCode);
        var places = GC.AllocateUninitializedArray<int>(Count);
        for (int i = 0; i < Count; i++)
        {
            ulong* code = sorted.Pointer + ((long)i * WordsPerCode);
            int place = next[Layout.Value(code, part)]++;
            places[place] = i;
            for (int word = 0; word < WordsPerCode; word++)
            {
                target.Pointer[((long)place * WordsPerCode) + word] = code[word];
            }
        }

        positions[part] = places;
        return target;
    }
}
