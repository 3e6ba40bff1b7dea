using Dpfah.Core.Codes;
using Dpfah.Core.Indexing.Kernels;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Duplicates;

/// <summary>Different codes, and the items that have each: work is done once a code, however many items share it.</summary>
internal sealed class EqualCodes
{
    private readonly int[] starts;
    private readonly int[] members;
    private readonly int[] codeOf;

    private EqualCodes(AlignedWords codes, int bits, int[] starts, int[] members, int[] codeOf)
    {
        Codes = codes;
        Bits = bits;
        this.starts = starts;
        this.members = members;
        this.codeOf = codeOf;
    }

    /// <summary>The different codes, packed.</summary>
    public AlignedWords Codes { get; }

    /// <summary>Length of a code.</summary>
    public int Bits { get; }

    /// <summary>Number of different codes.</summary>
    public int Count => starts.Length - 1;

    /// <summary>The items that have a code, ascending.</summary>
    public ReadOnlySpan<int> Items(int code) => members.AsSpan(starts[code]..starts[code + 1]);

    /// <summary>The code of an item.</summary>
    public int CodeOf(int item) => codeOf[item];

    /// <summary>Sorts codes out.</summary>
    /// <param name="codes">Codes of the items.</param>
    /// <param name="order">The code of each item: item i has code <c>order[i]</c> of the matrix.</param>
    public static EqualCodes Of(CodeMatrix codes, int[] order)
    {
        int[] byCode = [.. order];
        var itemAt = new int[order.Length];
        for (int item = 0; item < order.Length; item++)
        {
            itemAt[order[item]] = item;
        }

        // Equal codes keep the order of the items.
        CodeSort.Sort(codes.Words, codes.WordsPerCode, ref byCode);
        var starts = new List<int>();
        for (int i = 0; i < byCode.Length; i++)
        {
            if (i == 0 || !codes.Row(byCode[i]).SequenceEqual(codes.Row(byCode[i - 1])))
            {
                starts.Add(i);
            }
        }

        var different = new AlignedWords((long)starts.Count * codes.WordsPerCode);
        var codeOf = new int[order.Length];
        for (int code = 0; code < starts.Count; code++)
        {
            codes.Row(byCode[starts[code]]).CopyTo(different.Span((long)code * codes.WordsPerCode, codes.WordsPerCode));
            int end = code + 1 < starts.Count ? starts[code + 1] : byCode.Length;
            for (int i = starts[code]; i < end; i++)
            {
                codeOf[itemAt[byCode[i]]] = code;
            }
        }

        return new EqualCodes(different, codes.Bits, [.. starts, byCode.Length], Array.ConvertAll(byCode, place => itemAt[place]), codeOf);
    }
}
