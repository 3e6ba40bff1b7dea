using Dpfah.Learning.Imaging;

namespace Dpfah.FunctionalTests.Decoding;

/// <summary>
/// The slowest picture that is let in: a progressive JPEG of 40 megapixels and 99 scans, each but the first a pass over all coefficients of a
/// component that says nothing new. A quarter of a megabyte keeps a decoder busy for seconds.
/// </summary>
internal static class SlowJpeg
{
    private const int Width = 8000;
    private const int Height = 5000;
    private const int Components = 3;
    private const int Blocks = Width / 8 * (Height / 8);

    private const int Scans = PreviewMaker.MostScans;

    /// <summary>Most blocks whose coefficients one symbol of a progressive scan leaves as they are: 2^14 and 14 bits.</summary>
    private const int LongestRun = 0x7FFF;

    /// <summary>Makes the file.</summary>
    public static byte[] Create()
    {
        using var file = new MemoryStream();
        file.Write([0xFF, 0xD8]);
        Segment(0xDB, [0, .. Enumerable.Repeat((byte)1, 64)]); // quantisation by 1
        Segment(0xC2, [8, Height >> 8, Height & 0xFF, Width >> 8, Width & 0xFF, Components, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]); // progressive
        Segment(0xC4, [0x00, 1, .. new byte[15], 0]); // DC: '0' is a difference of 0
        Segment(0xC4, [0x10, 1, .. new byte[15], 0xE0]); // AC: '0' is a run of 2^14 blocks and more, by 14 bits

        // All components: a bit a block.
        Segment(0xDA, [Components, 1, 0, 2, 0, 3, 0, 0, 0, 0]);
        file.Write(new byte[Components * Blocks / 8]);
        byte[] same = Same();
        for (int scan = 1; scan < Scans; scan++)
        {
            // Coefficients 1 to 63 of one component: first their higher bits, then the lowest, again and again.
            byte component = (byte)(1 + (scan % Components)), bits = (byte)(scan <= Components ? 0x01 : 0x10);
            Segment(0xDA, [1, component, 0, 1, 63, bits]);
            file.Write(same);
        }

        file.Write([0xFF, 0xD9]);
        return file.ToArray();

        void Segment(byte marker, byte[] content)
        {
            int length = content.Length + 2;
            file.Write([0xFF, marker, (byte)(length >> 8), (byte)length, .. content]);
        }
    }

    /// <summary>A scan that leaves all blocks of a component as they are.</summary>
    private static byte[] Same()
    {
        // '0' and 14 ones for each run.
        var bits = new List<bool>();
        for (int blocks = 0; blocks < Blocks; blocks += LongestRun)
        {
            bits.AddRange([false, .. Enumerable.Repeat(true, 14)]);
        }

        var bytes = new List<byte>();
        for (int i = 0; i < bits.Count; i += 8)
        {
            int value = Enumerable.Range(i, 8).Aggregate(0, (sum, bit) => (sum << 1) | (bit >= bits.Count || bits[bit] ? 1 : 0));
            bytes.Add((byte)value);
            if (value == 0xFF)
            {
                bytes.Add(0);
            }
        }

        return [.. bytes];
    }
}
