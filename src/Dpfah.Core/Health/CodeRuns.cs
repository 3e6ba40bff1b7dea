using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Health;

/// <summary>Distinct codes in numeric order, each with the number of items that have it.</summary>
/// <remarks>
/// Sealed segments are sorted already, so that the codes of an index are merged without a copy of them: memory does not grow with
/// the index, but for its tails.
/// </remarks>
internal sealed class CodeRuns
{
    private readonly Part[] parts;
    private readonly ulong[] current;

    private CodeRuns(int words, IEnumerable<Part> parts)
    {
        this.parts = [.. parts];
        current = new ulong[words];
    }

    /// <summary>The code; after <see cref="MoveNext"/> has said true.</summary>
    public ReadOnlySpan<ulong> Code => current;

    /// <summary>Items that have it, at least 1.</summary>
    public int Count { get; private set; }

    /// <summary>The codes of a matrix.</summary>
    public static CodeRuns Of(CodeMatrix codes) => new(codes.WordsPerCode, [Part.Of(codes)]);

    /// <summary>The codes of all items of an index.</summary>
    public static CodeRuns Of<T>(IndexSnapshot<T> snapshot) =>
        new(BinaryCode.WordsFor(snapshot.Bits), snapshot.Views.ToArray().Select(view => Part.Of(view, BinaryCode.WordsFor(snapshot.Bits))));

    /// <summary>Goes on to the next code.</summary>
    /// <returns>False at the end.</returns>
    public bool MoveNext()
    {
        Part? least = null;
        foreach (Part part in parts)
        {
            if (!part.IsAtEnd && (least is null || Compare(part.Code, least.Code) < 0))
            {
                least = part;
            }
        }

        if (least is null)
        {
            return false;
        }

        least.Code.CopyTo(current);
        Count = 0;
        foreach (Part part in parts)
        {
            while (!part.IsAtEnd && part.Code.SequenceEqual(current))
            {
                Count += part.Live;
                part.Advance();
            }
        }

        return true;
    }

    // As CodeSort orders them: the last word counts most.
    private static int Compare(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right)
    {
        for (int word = left.Length - 1; word >= 0; word--)
        {
            if (left[word] != right[word])
            {
                return left[word] < right[word] ? -1 : 1;
            }
        }

        return 0;
    }

    /// <summary>A walk through sorted codes, past those that no item has any more.</summary>
    private abstract class Part(int count)
    {
        private int position = -1;

        public bool IsAtEnd => position == count;

        public int Live { get; private set; }

        public ReadOnlySpan<ulong> Code => CodeAt(position);

        public static Part Of(CodeMatrix codes)
        {
            int[] order = [.. Enumerable.Range(0, codes.Count)];
            CodeSort.Sort(codes.Words, codes.WordsPerCode, ref order);
            return new MatrixPart(codes, order).Started();
        }

        public static Part Of<T>(SegmentView<T> view, int words)
        {
            if (view.Segment is SealedSegment<T>)
            {
                return new ViewPart<T>(view, words, null).Started();
            }

            int[] order = [.. Enumerable.Range(0, view.Count)];
            CodeSort.Sort(view.Segment.Codes.Span(0, view.Count * words), words, ref order);
            return new ViewPart<T>(view, words, order).Started();
        }

        public void Advance()
        {
            do
            {
                position++;
                Live = IsAtEnd ? 0 : LiveAt(position);
            }
            while (!IsAtEnd && Live == 0);
        }

        protected abstract ReadOnlySpan<ulong> CodeAt(int place);

        protected abstract int LiveAt(int place);

        private Part Started()
        {
            Advance();
            return this;
        }
    }

    private sealed class MatrixPart(CodeMatrix codes, int[] order) : Part(codes.Count)
    {
        protected override ReadOnlySpan<ulong> CodeAt(int place) => codes.Row(order[place]);

        protected override int LiveAt(int place) => 1;
    }

    /// <param name="view">A segment's view.</param>
    /// <param name="words">Words of a code.</param>
    /// <param name="order">Positions by code; null where they are in that order.</param>
    private sealed class ViewPart<T>(SegmentView<T> view, int words, int[]? order) : Part(view.Positions)
    {
        protected override ReadOnlySpan<ulong> CodeAt(int place) => view.Segment.Codes.Span((long)(order?[place] ?? place) * words, words);

        protected override int LiveAt(int place) => view.Segment.Starts is { } starts
            ? starts[place + 1] - starts[place] - view.Dead.CountRange(starts[place], starts[place + 1])
            : view.Dead.Contains(order?[place] ?? place) ? 0 : 1;
    }
}
