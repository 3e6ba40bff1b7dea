using System.Numerics;
using Dpfah.Core.Indexing.Kernels;

namespace Dpfah.Core.Indexing.MultiIndex;

/// <summary>Whether tables are worth their memory: what a search by one of a segment's own codes is likely to cost with and without.</summary>
internal static unsafe class TableForecast
{
    // Such a search stands for all: k of a first page, or a few.
    private const int Neighbors = 10;

    private const int SampledCodes = 4096;
    private const int MostPairs = 1 << 22;
    private const int Queries = 32;

    /// <summary>The tables must save so much of a scan's time.</summary>
    private const double Saving = 0.2;

    /// <summary>Whether searches are likely to gain by the tables.</summary>
    /// <param name="tables">Tables of the segment.</param>
    /// <param name="sorted">Its codes.</param>
    /// <param name="costs">Times.</param>
    public static bool Wins(PartTables tables, AlignedWords sorted, SearchCosts costs)
    {
        double scan = tables.Count * costs.ScannedCode, sum = 0;
        int radius = TypicalDistance(sorted, tables.Count, tables.WordsPerCode, tables.Layout.Bits);
        for (int i = 0; i < Queries; i++)
        {
            var steps = new PartSteps(tables, costs, Code(sorted, Position(i, Queries, tables.Count), tables.WordsPerCode));
            double cost = 0;
            for (int covered = -1; covered < radius && cost < scan; covered++)
            {
                int part = steps.Cheapest(out double step);
                cost += step;
                steps.Advance(part);
            }

            sum += Math.Min(cost, scan);
        }

        return sum < (1 - Saving) * Queries * scan;
    }

    /// <summary>Distance of the k-th neighbor of a code, from the distances of sampled pairs.</summary>
    private static int TypicalDistance(AlignedWords sorted, int count, int words, int bits)
    {
        int codes = Math.Min(count, SampledCodes), queries = Math.Max(1, Math.Min(count, MostPairs / codes) / 4);
        var pairs = new long[bits + 1];
        for (int q = 0; q < queries; q++)
        {
            int own = Position(q, queries, count);
            ulong* query = Code(sorted, own, words);
            for (int c = 0; c < codes; c++)
            {
                int other = Position(c, codes, count);
                if (other == own)
                {
                    continue;
                }

                ulong* code = Code(sorted, other, words);
                int distance = 0;
                for (int word = 0; word < words; word++)
                {
                    distance += BitOperations.PopCount(code[word] ^ query[word]);
                }

                pairs[distance]++;
            }
        }

        double wanted = (double)Neighbors * pairs.Sum() / Math.Max(1, count - 1), nearer = 0;
        for (int distance = 0; distance < bits; distance++)
        {
            nearer += pairs[distance];
            if (nearer >= wanted)
            {
                return distance;
            }
        }

        return bits;
    }

    private static int Position(int i, int of, int count) => (int)((long)i * count / of);

    private static ulong* Code(AlignedWords sorted, int position, int words) => sorted.Pointer + ((long)position * words);
}
