using System.Numerics;
using System.Runtime.Intrinsics.X86;
using Dpfah.Core.Indexing.Kernels;
using Dpfah.Core.Indexing.MultiIndex;

namespace Dpfah.Core.Duplicates;

/// <summary>Codes that are found by a code near to them, and taken out as they are found.</summary>
/// <remarks>
/// <para>
/// Codes that differ in at most d bits agree up to r_j bits in some part j of the code, when Σ (r_j + 1) = d + 1 over the parts: for 64
/// bits and d = 8, up to 2 bits in the first of four parts of 16 bits, or up to 1 in one of the others. Each part has a table from its value
/// to the codes that have it, side by side; parts without a share of the sum need none.
/// </para>
/// <para>A code that was found is never compared again, so that a dense cluster of n codes costs its first few members n comparisons, and not all of them.</para>
/// </remarks>
internal sealed unsafe class RemainingCodes
{
    // Longer buckets are worth the vectors.
    private const int ShortBucket = 48;

    // Buckets that the processor is told of ahead: they lie all over, and most of the time would be spent waiting for them.
    private const int PrefetchBuckets = 4;
    private const int LineWords = 8;

    private readonly AlignedWords codes;
    private readonly int words;
    private readonly int distance;
    private readonly PartLayout layout;
    private readonly ScanKernel kernel;
    private readonly Table[] tables;

    // Of the bucket at hand: taking a code out moves others.
    private readonly List<int> inBucket = [];

    /// <param name="codes">Packed codes, each different.</param>
    /// <param name="bits">Length of a code.</param>
    /// <param name="count">Number of codes.</param>
    /// <param name="distance">Greatest distance at which codes are found.</param>
    /// <param name="kernel">The loop over long buckets.</param>
    /// <param name="cancellationToken">Looked at before each table is made.</param>
    public RemainingCodes(AlignedWords codes, int bits, int count, int distance, ScanKernel kernel, CancellationToken cancellationToken)
    {
        this.codes = codes;
        this.distance = distance;
        this.kernel = kernel;
        words = (bits + 63) / 64;
        layout = PartLayout.Of(bits);
        int steps = distance + 1;
        tables = new Table[Math.Min(steps, layout.Parts)];
        for (int part = 0; part < tables.Length; part++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            tables[part] = new Table(this, part, (steps / layout.Parts) + (part < steps % layout.Parts ? 1 : 0) - 1, count);
        }
    }

    /// <summary>The words of a code.</summary>
    public ReadOnlySpan<ulong> Code(int index) => codes.Span((long)index * words, words);

    /// <summary>Takes out all codes near to one of the codes, itself too when it is there.</summary>
    /// <param name="index">The code; it need not be there any more.</param>
    /// <param name="found">Takes up the codes.</param>
    public void Take(int index, List<int> found)
    {
        foreach (Table table in tables)
        {
            uint value = layout.Value(codes.Pointer + ((long)index * words), table.Part);
            for (int ones = 0; ones <= Math.Min(table.Radius, layout.Width(table.Part)); ones++)
            {
                uint[] masks = layout.Masks(table.Part, ones);
                for (int i = 0; i < masks.Length; i++)
                {
                    if (i + PrefetchBuckets < masks.Length)
                    {
                        table.Prefetch(value ^ masks[i + PrefetchBuckets]);
                    }

                    table.Find(value ^ masks[i], Code(index), inBucket);
                    if (inBucket.Count > 0)
                    {
                        inBucket.ForEach(TakeOut);
                        found.AddRange(inBucket);
                        inBucket.Clear();
                    }
                }
            }
        }
    }

    /// <summary>Puts a code back that was taken out.</summary>
    public void PutBack(int index)
    {
        foreach (Table table in tables)
        {
            table.Add(index);
        }
    }

    private void TakeOut(int index)
    {
        foreach (Table table in tables)
        {
            table.Remove(index);
        }
    }

    /// <summary>The codes by the value of one part.</summary>
    private sealed class Table
    {
        private readonly RemainingCodes owner;

        // For each value its first entry, and one behind the last that is in use, side by side; copies of the codes, their numbers, and the entry
        // of each code.
        private readonly int[] bounds;
        private readonly AlignedWords entries;
        private readonly int[] members;
        private readonly int[] places;

        public Table(RemainingCodes owner, int part, int radius, int count)
        {
            this.owner = owner;
            Part = part;
            Radius = radius;
            int values = 1 << owner.layout.Width(part);
            bounds = new int[2 * values];
            for (int index = 0; index < count; index++)
            {
                bounds[2 * ValueOf(index)]++;
            }

            int sum = 0;
            for (int value = 0; value < values; value++)
            {
                (bounds[2 * value], bounds[(2 * value) + 1], sum) = (sum, sum, sum + bounds[2 * value]);
            }

            entries = new AlignedWords((long)count * owner.words);
            members = new int[count];
            places = new int[count];
            for (int index = 0; index < count; index++)
            {
                Add(index);
            }
        }

        public int Part { get; }

        /// <summary>Greatest difference of the part's values that is looked at.</summary>
        public int Radius { get; }

        /// <summary>Tells the processor that a bucket will be looked at.</summary>
        public void Prefetch(uint value)
        {
            if (Sse.IsSupported)
            {
                int words = owner.words;
                ulong* line = entries.Pointer + ((long)bounds[2 * value] * words), end = entries.Pointer + ((long)bounds[(2 * value) + 1] * words);
                for (int lines = 0; line < end && lines < PrefetchBuckets; lines++, line += LineWords)
                {
                    Sse.Prefetch0(line);
                }
            }
        }

        /// <summary>Finds the codes of a bucket that are near to a code.</summary>
        public void Find(uint value, ReadOnlySpan<ulong> query, List<int> found)
        {
            int from = bounds[2 * value], to = bounds[(2 * value) + 1], words = owner.words, distance = owner.distance;
            if (to - from > ShortBucket)
            {
                FindInLong(from, to, query, found);
                return;
            }

            ulong* code = entries.Pointer + ((long)from * words);
            if (words == 1)
            {
                ulong wanted = query[0];
                for (int entry = from; entry < to; entry++, code++)
                {
                    if (BitOperations.PopCount(*code ^ wanted) <= distance)
                    {
                        found.Add(members[entry]);
                    }
                }

                return;
            }

            for (int entry = from; entry < to; entry++, code += words)
            {
                if (DistanceTo(code, query) <= distance)
                {
                    found.Add(members[entry]);
                }
            }
        }

        public void Add(int index)
        {
            int entry = bounds[(2 * ValueOf(index)) + 1]++;
            owner.Code(index).CopyTo(EntryAt(entry));
            members[entry] = index;
            places[index] = entry;
        }

        public void Remove(int index)
        {
            int entry = places[index], last = --bounds[(2 * ValueOf(index)) + 1];
            if (entry != last)
            {
                EntryAt(last).CopyTo(EntryAt(entry));
                members[entry] = members[last];
                places[members[entry]] = entry;
            }
        }

        private void FindInLong(int from, int to, ReadOnlySpan<ulong> query, List<int> found)
        {
            int words = owner.words, distance = owner.distance;
            for (int group = owner.kernel.FindNear(entries.Pointer, words, from, to, query, distance, out uint near); group < to;
                group = owner.kernel.FindNear(entries.Pointer, words, group + ScanKernel.GroupCodes, to, query, distance, out near))
            {
                for (; near != 0; near &= near - 1)
                {
                    int entry = group + BitOperations.TrailingZeroCount(near);
                    if (DistanceTo(entries.Pointer + ((long)entry * words), query) <= distance)
                    {
                        found.Add(members[entry]);
                    }
                }
            }
        }

        private static int DistanceTo(ulong* code, ReadOnlySpan<ulong> query)
        {
            int sum = 0;
            for (int word = 0; word < query.Length; word++)
            {
                sum += BitOperations.PopCount(code[word] ^ query[word]);
            }

            return sum;
        }

        private Span<ulong> EntryAt(int entry) => entries.Span((long)entry * owner.words, owner.words);

        private uint ValueOf(int index) => owner.layout.Value(owner.codes.Pointer + ((long)index * owner.words), Part);
    }
}
