using System.Buffers;
using System.Numerics;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Indexing.Filters;

/// <summary>A bit for each slot of a segment, in memory that is used again when this is disposed of.</summary>
internal sealed class SlotMask : IDisposable
{
    private readonly int length;
    private ulong[]? words;

    /// <param name="slots">Slots; all bits are 0.</param>
    public SlotMask(int slots)
    {
        length = (slots + 63) >> 6;
        words = ArrayPool<ulong>.Shared.Rent(length);
        Words.Clear();
    }

    /// <summary>Slot s is bit s % 64 of word s / 64.</summary>
    public Span<ulong> Words => (words ?? throw new ObjectDisposedException(nameof(SlotMask))).AsSpan(0, length);

    /// <summary>Bits that are set, when the mask was made by <see cref="Of"/>.</summary>
    public int Count { get; private set; }

    /// <summary>The live slots of a view of a sealed segment that pass a filter.</summary>
    public static SlotMask Of(ItemFilter filter, SegmentColumns columns, SlotSet dead)
    {
        var mask = new SlotMask(columns.Count);
        Span<ulong> bits = mask.Words;
        filter.Select(columns, bits);
        if ((columns.Count & 63) != 0)
        {
            bits[^1] &= (1UL << (columns.Count & 63)) - 1;
        }

        int count = 0;
        for (int word = 0; word < bits.Length; word++)
        {
            bits[word] &= dead.Count == 0 ? ulong.MaxValue : ~dead.Word(word);
            count += BitOperations.PopCount(bits[word]);
        }

        mask.Count = count;
        return mask;
    }

    public bool Contains(int slot) => (Words[slot >> 6] >> (slot & 63) & 1) != 0;

    /// <summary>How many bits from <paramref name="from"/> up to before <paramref name="to"/> are set.</summary>
    public int CountRange(int from, int to)
    {
        if (from >= to)
        {
            return 0;
        }

        ReadOnlySpan<ulong> bits = Words;
        int count = 0, first = from >> 6, last = (to - 1) >> 6;
        for (int word = first; word <= last; word++)
        {
            ulong counted = bits[word];
            counted &= word == first ? ulong.MaxValue << (from & 63) : ulong.MaxValue;
            counted &= word == last ? ulong.MaxValue >> (63 - ((to - 1) & 63)) : ulong.MaxValue;
            count += BitOperations.PopCount(counted);
        }

        return count;
    }

    public void Dispose()
    {
        if (words is not null)
        {
            ArrayPool<ulong>.Shared.Return(words);
            words = null;
        }
    }
}
