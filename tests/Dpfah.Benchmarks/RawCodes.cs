using System.Runtime.InteropServices;

namespace Dpfah.Benchmarks;

/// <summary>Codes side by side in memory; in a file they are rows of bits/8 bytes, lowest bit first, no header.</summary>
internal sealed class RawCodes
{
    private const int RowsAtOnce = 1 << 16;

    private readonly ulong[] words;

    /// <param name="bits">Length of a code; a multiple of 8.</param>
    /// <param name="count">Number of codes, all zero at first.</param>
    public RawCodes(int bits, int count)
    {
        Bits = bits;
        Count = count;
        WordsPerCode = (bits + 63) / 64;
        words = new ulong[(long)count * WordsPerCode];
    }

    public int Bits { get; }

    public int Count { get; }

    public int WordsPerCode { get; }

    public Span<ulong> this[int index] => words.AsSpan(index * WordsPerCode, WordsPerCode);

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">Its length is no multiple of a code's.</exception>
    public static RawCodes Read(string path, int bits)
    {
        using FileStream file = File.OpenRead(path);
        int length = bits / 8;
        if (file.Length % length != 0)
        {
            throw new InvalidDataException($"'{path}' has {file.Length} bytes; codes of {bits} bits need a multiple of {length}.");
        }

        var codes = new RawCodes(bits, checked((int)(file.Length / length)));
        var buffer = new byte[RowsAtOnce * length];
        for (int from = 0; from < codes.Count; from += RowsAtOnce)
        {
            int rows = Math.Min(RowsAtOnce, codes.Count - from);
            file.ReadExactly(buffer, 0, rows * length);
            for (int i = 0; i < rows; i++)
            {
                buffer.AsSpan(i * length, length).CopyTo(MemoryMarshal.AsBytes(codes[from + i]));
            }
        }

        return codes;
    }

    public void Write(string path)
    {
        using FileStream file = File.Create(path);
        using var buffer = new BufferedStream(file, 1 << 20);
        for (int i = 0; i < Count; i++)
        {
            buffer.Write(MemoryMarshal.AsBytes(this[i])[..(Bits / 8)]);
        }
    }
}
