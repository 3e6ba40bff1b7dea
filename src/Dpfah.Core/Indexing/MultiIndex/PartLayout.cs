using System.Collections.Concurrent;
using System.Numerics;

namespace Dpfah.Core.Indexing.MultiIndex;

/// <summary>How codes of one length are cut into parts of about 16 bits, each looked up in a table of its own.</summary>
/// <remarks>
/// Multi-index hashing (Norouzi, Punjani, Fleet, CVPR 2012): two codes that differ in few bits agree nearly in some part. The parts
/// are counted from the top of the code, so that codes in numeric order are in the order of part 0.
/// </remarks>
internal sealed class PartLayout
{
    private const int WantedWidth = 16;

    private static readonly ConcurrentDictionary<int, PartLayout> Layouts = new();
    private static readonly ConcurrentDictionary<(int Width, int Ones), uint[]> MaskLists = new();

    private readonly int[] shifts;
    private readonly int[] widths;
    private readonly double[]?[] shares;

    // By part and number of ones; a query asks for them some hundred times.
    private readonly double[][] neighbors;
    private readonly uint[]?[][] masks;

    private PartLayout(int bits)
    {
        Bits = bits;
        int parts = Math.Max(1, (bits + (WantedWidth / 2)) / WantedWidth);
        shifts = new int[parts];
        widths = new int[parts];
        int top = bits;
        for (int part = 0; part < parts; part++)
        {
            widths[part] = top / (parts - part);
            shifts[part] = top -= widths[part];
        }

        shares = new double[]?[bits + parts];
        neighbors = Array.ConvertAll(widths, width => Enumerable.Range(0, width + 1).Select(ones => Choose(width, ones)).ToArray());
        masks = Array.ConvertAll(widths, width => new uint[]?[width + 1]);
    }

    public int Bits { get; }

    public int Parts => widths.Length;

    public static PartLayout Of(int bits) => Layouts.GetOrAdd(bits, static length => new PartLayout(length));

    /// <summary>Bits of a part.</summary>
    public int Width(int part) => widths[part];

    /// <summary>Value of a part of a code.</summary>
    public unsafe uint Value(ulong* code, int part)
    {
        int shift = shifts[part], width = widths[part], word = shift >> 6, offset = shift & 63;
        ulong value = code[word] >> offset;
        if (offset + width > 64)
        {
            value |= code[word + 1] << (64 - offset);
        }

        return (uint)(value & ((1UL << width) - 1));
    }

    /// <summary>All values of a part's width of which <paramref name="ones"/> bits are set.</summary>
    public uint[] Masks(int part, int ones) => Volatile.Read(ref masks[part][ones]) ?? (masks[part][ones] = MasksOf(widths[part], ones));

    /// <summary>How many values of a part differ from a given one in so many bits.</summary>
    public double Neighbors(int part, int ones) => neighbors[part][ones];

    // Layouts of several lengths share widths.
    private static uint[] MasksOf(int width, int ones) => MaskLists.GetOrAdd((width, ones), static key =>
    {
        var masks = new List<uint>();
        for (uint mask = 0; mask < 1U << key.Width; mask++)
        {
            if (BitOperations.PopCount(mask) == key.Ones)
            {
                masks.Add(mask);
            }
        }

        return [.. masks];
    });

    /// <summary>
    /// Share of the codes at a distance that were seen once all codes up to the covered distance are known to be: their differing bits
    /// taken to lie anywhere.
    /// </summary>
    /// <param name="covered">Every code within this distance was seen; -1 for none.</param>
    /// <returns>A share for each distance from 0 to the length of the code.</returns>
    public double[] SeenShares(int covered) => Volatile.Read(ref shares[covered + 1]) ?? Computed(covered);

    private double[] Computed(int covered)
    {
        // Ways to place d differing bits so that every part has more of them than its radius, over all ways.
        int steps = covered + 1;
        double[] unseen = [1];
        for (int part = 0; part < Parts; part++)
        {
            int radius = (steps / Parts) + (part < steps % Parts ? 1 : 0) - 1;
            var product = new double[unseen.Length + widths[part]];
            for (int ones = radius + 1; ones <= widths[part]; ones++)
            {
                double ways = Choose(widths[part], ones);
                for (int d = 0; d < unseen.Length; d++)
                {
                    product[d + ones] += unseen[d] * ways;
                }
            }

            unseen = product;
        }

        double[] result = [.. Enumerable.Range(0, Bits + 1).Select(d => 1 - (unseen[d] / Choose(Bits, d)))];
        Volatile.Write(ref shares[covered + 1], result);
        return result;
    }

    private static double Choose(int n, int k)
    {
        double ways = 1;
        for (int i = 1; i <= Math.Min(k, n - k); i++)
        {
            ways = ways * (n - i + 1) / i;
        }

        return k > n ? 0 : ways;
    }
}
