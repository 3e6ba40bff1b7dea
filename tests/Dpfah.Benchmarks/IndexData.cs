using System.Globalization;
using System.Runtime.InteropServices;

namespace Dpfah.Benchmarks;

/// <summary>Raw files of codes for the index benchmark and its peers: rows of bits/8 bytes, lowest bit first, no header.</summary>
internal static class IndexData
{
    private const double LeastFlip = 0.02;
    private const double MostFlip = 0.05;
    private const int Seed = 1;

    /// <summary><c>KIND BITS COUNT QUERIES FOLDER</c>; writes <c>codes.bin</c> and <c>queries.bin</c>.</summary>
    public static int Run(string[] args)
    {
        if (args.Length != 5)
        {
            Console.Error.WriteLine("index-data KIND BITS COUNT QUERIES FOLDER, where KIND is 'uniform' or 'deepC' with C centres, as deep100.");
            return 1;
        }

        int bits = int.Parse(args[1], CultureInfo.InvariantCulture);
        string folder = Directory.CreateDirectory(args[4]).FullName;
        ulong[][] centres = [];
        if (args[0] != "uniform")
        {
            var random = new Random(Seed);
            int count = int.Parse(args[0].Replace("deep", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
            centres = [.. Enumerable.Range(0, count).Select(_ => Code(bits, random))];
        }

        Write(Path.Combine(folder, "codes.bin"), bits, int.Parse(args[2], CultureInfo.InvariantCulture), centres, new Random(Seed + 1));
        Write(Path.Combine(folder, "queries.bin"), bits, int.Parse(args[3], CultureInfo.InvariantCulture), centres, new Random(Seed + 2));
        return 0;
    }

    private static void Write(string path, int bits, int count, ulong[][] centres, Random random)
    {
        using FileStream file = File.Create(path);
        using var buffer = new BufferedStream(file, 1 << 20);
        for (int i = 0; i < count; i++)
        {
            ulong[] code = centres.Length == 0 ? Code(bits, random) : [.. centres[random.Next(centres.Length)]];
            if (centres.Length != 0)
            {
                double flip = LeastFlip + ((MostFlip - LeastFlip) * random.NextDouble());
                for (int bit = 0; bit < bits; bit++)
                {
                    code[bit >> 6] ^= random.NextDouble() < flip ? 1UL << (bit & 63) : 0;
                }
            }

            buffer.Write(MemoryMarshal.AsBytes(code.AsSpan())[..(bits / 8)]);
        }
    }

    private static ulong[] Code(int bits, Random random)
    {
        var code = new ulong[(bits + 63) / 64];
        random.NextBytes(MemoryMarshal.AsBytes(code.AsSpan())[..(bits / 8)]);
        return code;
    }
}
