using System.Globalization;
using System.Runtime.InteropServices;

namespace Dpfah.Benchmarks;

/// <summary>Codes for the index benchmark and its peers: uniform, around centres, or of bits that are seldom set.</summary>
internal static class IndexData
{
    private const double LeastFlip = 0.02;
    private const double MostFlip = 0.05;
    private const double RarestBit = 0.02;
    private const int Seed = 1;

    /// <summary><c>KIND BITS COUNT QUERIES FOLDER</c>; writes <c>codes.bin</c> and <c>queries.bin</c>.</summary>
    public static int Run(string[] args)
    {
        if (args.Length != 5)
        {
            Console.Error.WriteLine(
                "index-data KIND BITS COUNT QUERIES FOLDER, where KIND is 'uniform', 'deepC' with C centres, as deep100, or 'skewed': "
                + "from bit to bit more often set, from 2 % to 50 %.");
            return 1;
        }

        (RawCodes codes, RawCodes queries) = Make(args[0], Number(args[1]), Number(args[2]), Number(args[3]));
        string folder = Directory.CreateDirectory(args[4]).FullName;
        codes.Write(Path.Combine(folder, "codes.bin"));
        queries.Write(Path.Combine(folder, "queries.bin"));
        return 0;
    }

    /// <summary>Codes and queries of one kind; the same for the same arguments.</summary>
    public static (RawCodes Codes, RawCodes Queries) Make(string kind, int bits, int count, int queries)
    {
        Action<Span<ulong>, Random> next;
        if (kind == "uniform")
        {
            next = (code, random) => Uniform(code, bits, random);
        }
        else if (kind == "skewed")
        {
            next = (code, random) => Skewed(code, bits, random);
        }
        else
        {
            RawCodes centres = Fill(bits, Number(kind.Replace("deep", "", StringComparison.Ordinal)), new Random(Seed), (code, random) => Uniform(code, bits, random));
            next = (code, random) => Near(centres[random.Next(centres.Count)], code, random);
        }

        return (Fill(bits, count, new Random(Seed + 1), next), Fill(bits, queries, new Random(Seed + 2), next));

        void Near(ReadOnlySpan<ulong> centre, Span<ulong> code, Random random)
        {
            centre.CopyTo(code);
            Flip(code, bits, LeastFlip + ((MostFlip - LeastFlip) * random.NextDouble()), random);
        }
    }

    /// <summary>Flips each bit with a probability.</summary>
    public static void Flip(Span<ulong> code, int bits, double probability, Random random)
    {
        for (int bit = 0; bit < bits; bit++)
        {
            code[bit >> 6] ^= random.NextDouble() < probability ? 1UL << (bit & 63) : 0;
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static RawCodes Fill(int bits, int count, Random random, Action<Span<ulong>, Random> next)
    {
        var codes = new RawCodes(bits, count);
        for (int i = 0; i < count; i++)
        {
            next(codes[i], random);
        }

        return codes;
    }

    private static void Uniform(Span<ulong> code, int bits, Random random) => random.NextBytes(MemoryMarshal.AsBytes(code)[..(bits / 8)]);

    private static void Skewed(Span<ulong> code, int bits, Random random)
    {
        for (int bit = 0; bit < bits; bit++)
        {
            double probability = RarestBit + ((0.5 - RarestBit) * bit / (bits - 1));
            code[bit >> 6] |= random.NextDouble() < probability ? 1UL << (bit & 63) : 0;
        }
    }
}
