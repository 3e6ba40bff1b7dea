namespace Dpfah.Learning.Imaging;

/// <summary>How the pixels of a JPEG are coded: its frame and its scans, as their headers say.</summary>
internal sealed class JpegCoding
{
    private const byte Baseline = 0xC0;
    private const byte Extended = 0xC1;
    private const byte Progressive = 0xC2;

    /// <summary>Coefficients of a block.</summary>
    private const int Coefficients = 64;

    private readonly List<Scan> scans = [];
    private byte frame;
    private byte bitsPerSample;
    private byte[] components = [];

    // Horizontal and vertical factor of each component, 4 bits each.
    private byte[] samplings = [];

    private JpegCoding()
    {
    }

    /// <summary>
    /// Whether all versions of libjpeg-turbo give such a file the same pixels: 8 bits a sample by Huffman codes, color in full (4:4:4), of half the width
    /// (4:2:2), of half the width and height (4:2:0), or none, and every coefficient known to its last bit.
    /// </summary>
    /// <remarks>
    /// They differ in the rest: in how they smooth a progressive picture that is not complete and enlarge color of half the height (4:4:0). A lossless
    /// file is not scaled at all, and some write it beyond the room for the scaled picture.
    /// </remarks>
    public bool IsCommon =>
        bitsPerSample == 8
        && samplings is [0x11] or [0x11, 0x11, 0x11] or [0x21, 0x11, 0x11] or [0x22, 0x11, 0x11]
        && (frame == Progressive ? IsComplete() : frame is Baseline or Extended && IsOfOneScan());

    /// <summary>Whether a file is coded as our encoders write: baseline, in one scan, with color of half the width and height.</summary>
    public bool IsOfOurEncoders => frame == Baseline && bitsPerSample == 8 && samplings is [0x22, 0x11, 0x11] && IsOfOneScan();

    /// <summary>Reads the headers.</summary>
    /// <returns>Null when they are damaged, or contradict each other.</returns>
    public static JpegCoding? Read(ReadOnlySpan<byte> file)
    {
        var coding = new JpegCoding();
        int position = 2;
        while (JpegHeader.TryNextMarker(file, ref position, out byte marker))
        {
            if (marker == JpegHeader.EndOfImage)
            {
                return coding.frame == 0 ? null : coding;
            }

            if (!JpegHeader.TryReadSegment(file, ref position, out ReadOnlySpan<byte> segment)
                || (JpegHeader.IsStartOfFrame(marker) && !coding.TryReadFrame(marker, segment))
                || (marker == JpegHeader.StartOfScan && !coding.TryReadScan(segment)))
            {
                break;
            }
        }

        return null;
    }

    private bool TryReadFrame(byte marker, ReadOnlySpan<byte> segment)
    {
        // Bits, height, width, number of components; of each its name, its factors and its table.
        if (frame != 0 || segment.Length < 6 || segment.Length != 6 + (3 * segment[5]))
        {
            return false;
        }

        (frame, bitsPerSample) = (marker, segment[0]);
        components = new byte[segment[5]];
        samplings = new byte[segment[5]];
        for (int i = 0; i < components.Length; i++)
        {
            (components[i], samplings[i]) = (segment[6 + (3 * i)], segment[7 + (3 * i)]);
        }

        return components.Distinct().Count() == components.Length;
    }

    private bool TryReadScan(ReadOnlySpan<byte> segment)
    {
        // Number of components; of each its name and its tables; first and last coefficient, and the bits that are known and left.
        if (segment.Length < 6 || segment.Length != 4 + (2 * segment[0]))
        {
            return false;
        }

        var parts = new int[segment[0]];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = Array.IndexOf(components, segment[1 + (2 * i)]);
        }

        var scan = new Scan(parts, segment[^3], segment[^2], segment[^1] >> 4, segment[^1] & 0xF);
        scans.Add(scan);
        return !parts.Contains(-1) && parts.Distinct().Count() == parts.Length && scan.First <= scan.Last && scan.Last < Coefficients;
    }

    /// <summary>Whether there is one scan, of all coefficients of all components.</summary>
    private bool IsOfOneScan() =>
        scans is [{ First: 0, Last: Coefficients - 1, LowestKnown: 0, Lowest: 0 } only] && only.Components.Length == components.Length;

    /// <summary>Whether the scans, one behind the other, tell all coefficients to their last bit.</summary>
    private bool IsComplete()
    {
        // The lowest bit that is known of each coefficient; -1 before its first scan.
        int[] lowest = [.. Enumerable.Repeat(-1, components.Length * Coefficients)];
        foreach (Scan scan in scans)
        {
            foreach (int component in scan.Components)
            {
                for (int i = scan.First; i <= scan.Last; i++)
                {
                    ref int known = ref lowest[(component * Coefficients) + i];
                    if (scan.LowestKnown != Math.Max(known, 0))
                    {
                        return false;
                    }

                    known = scan.Lowest;
                }
            }
        }

        return Array.TrueForAll(lowest, bit => bit == 0);
    }

    /// <summary>A pass over coefficients of some components.</summary>
    /// <param name="Components">Places of the components in the frame.</param>
    /// <param name="First">The first coefficient.</param>
    /// <param name="Last">The last one.</param>
    /// <param name="LowestKnown">The lowest bit that is known before; 0 when none is.</param>
    /// <param name="Lowest">The lowest bit that is known behind it.</param>
    private sealed record Scan(int[] Components, int First, int Last, int LowestKnown, int Lowest);
}
