namespace Dpfah.Core.Indexing.Kernels;

/// <summary>
/// Codes turned on their side: in blocks of 512 codes, one vector of 512 bits for each bit of the code, so that counting
/// works on 512 codes at a time (bit-sliced, or vertical, counters).
/// </summary>
/// <remarks>Bit b of word w of a plane belongs to code 64 w + b of the block, as in a bitmap over the codes.</remarks>
internal sealed unsafe class BitPlanes
{
    /// <summary>Codes of a block.</summary>
    public const int BlockCodes = 512;

    /// <summary>Words of a plane of a block.</summary>
    public const int BlockWords = BlockCodes / 64;

    /// <summary>Longest codes that are sliced: the counters have eight bits.</summary>
    public const int MaxBits = 128;

    private readonly AlignedWords words;
    private readonly int blockLength;

    /// <param name="codes">Packed codes.</param>
    /// <param name="bits">Length of a code, at most <see cref="MaxBits"/>.</param>
    /// <param name="count">Number of codes.</param>
    public BitPlanes(AlignedWords codes, int bits, int count)
    {
        blockLength = bits * BlockWords;
        Blocks = (int)(((long)count + BlockCodes - 1) / BlockCodes);
        words = new AlignedWords((long)Blocks * blockLength);
        int wordsPerCode = (bits + 63) / 64;
        ulong* rows = stackalloc ulong[64];
        for (int block = 0; block < Blocks; block++)
        {
            ulong* planes = Block(block);
            int inBlock = (int)Math.Min(BlockCodes, count - ((long)block * BlockCodes));
            for (int word = 0; word < BlockWords; word++)
            {
                for (int part = 0; part < wordsPerCode; part++)
                {
                    int inWord = Math.Clamp(inBlock - (64 * word), 0, 64);
                    ulong* source = codes.Pointer + ((((long)block * BlockCodes) + (64 * word)) * wordsPerCode) + part;
                    for (int i = 0; i < 64; i++)
                    {
                        rows[i] = i < inWord ? source[(long)i * wordsPerCode] : 0;
                    }

                    Transpose(rows);
                    for (int bit = 0; bit < Math.Min(64, bits - (64 * part)); bit++)
                    {
                        planes[(((64 * part) + bit) * BlockWords) + word] = rows[bit];
                    }
                }
            }
        }
    }

    public int Blocks { get; }

    public long MemoryBytes => words.MemoryBytes;

    public ulong* Block(int block) => words.Pointer + ((long)block * blockLength);

    /// <summary>Transposes 64 rows of 64 bits in place: bit c of row r becomes bit r of row c.</summary>
    /// <remarks>Swaps quadrants, then quadrants of quadrants (Warren, Hacker's Delight, 7-3), with the lowest bit first.</remarks>
    public static void Transpose(ulong* rows)
    {
        ulong mask = 0x00000000FFFFFFFF;
        for (int half = 32; half != 0; half >>= 1, mask ^= mask << half)
        {
            for (int row = 0; row < 64; row = (row + half + 1) & ~half)
            {
                ulong swap = ((rows[row] >> half) ^ rows[row + half]) & mask;
                rows[row] ^= swap << half;
                rows[row + half] ^= swap;
            }
        }
    }
}
