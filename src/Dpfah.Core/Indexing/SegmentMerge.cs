using System.Numerics;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Indexing;

/// <summary>Makes one sealed segment of full tails and of smaller segments, beside readers and the writer.</summary>
/// <remarks>
/// A segment is taken when it has less than <see cref="IndexTuning.MergeFactor"/> times the items of those before it, so that an
/// item is rewritten a number of times that grows as the logarithm of the index; or when more than half of it is dead.
/// </remarks>
internal sealed class SegmentMerge<T>
{
    private readonly IndexSnapshot<T> snapshot;
    private readonly IndexTuning tuning;
    private readonly SegmentView<T>[] sources;

    private SegmentMerge(IndexSnapshot<T> snapshot, IndexTuning tuning, SegmentView<T>[] sources)
    {
        this.snapshot = snapshot;
        this.tuning = tuning;
        this.sources = sources;
    }

    /// <summary>What is due in a snapshot; null for nothing.</summary>
    public static SegmentMerge<T>? Due(IndexSnapshot<T> snapshot, IndexTuning tuning)
    {
        SegmentView<T>[] finished = [.. snapshot.Views[..^1]];
        List<SegmentView<T>> taken = [.. finished.Where(v => v.Segment is TailSegment<T> || 2L * v.Dead.Count > v.Count)];
        if (taken.Count == 0)
        {
            return null;
        }

        long total = taken.Sum(v => (long)v.Live);
        foreach (SegmentView<T> view in finished.Except(taken).OrderBy(v => v.Live))
        {
            if (view.Live < tuning.MergeFactor * total && total + view.Live <= SegmentBuilder<T>.MaxCount)
            {
                taken.Add(view);
                total += view.Live;
            }
        }

        return new SegmentMerge<T>(snapshot, tuning, [.. taken]);
    }

    /// <summary>Makes the new segment; null when nothing lives.</summary>
    public SealedSegment<T>? Build()
    {
        int total = sources.Sum(v => v.Live);
        if (total == 0)
        {
            return null;
        }

        var builder = new SegmentBuilder<T>(snapshot.Bits, snapshot.SignatureBits, total, tuning);
        int words = BinaryCode.WordsFor(snapshot.Bits);
        foreach (SegmentView<T> view in sources)
        {
            for (int position = 0; position < view.Positions; position++)
            {
                ReadOnlySpan<ulong> code = view.Segment.Codes.Span((long)position * words, words);
                int end = view.Segment.Starts?[position + 1] ?? position + 1;
                for (int slot = view.Segment.Starts?[position] ?? position; slot < end; slot++)
                {
                    if (!view.Dead.Contains(slot))
                    {
                        builder.Add(view.Segment.Id(slot), code, view.Segment.Signature(slot), view.Segment.Item(slot));
                    }
                }
            }
        }

        SealedSegment<T> merged = builder.Build();
        if (sources.Any(v => v.Segment is SealedSegment<T> { HasColumns: true }))
        {
            // Where filters are used, no search has to wait for the new segment's columns.
            merged.Columns(CancellationToken.None);
        }

        return merged;
    }

    /// <summary>Puts the new segment in the place of its sources. Only under the writer's lock.</summary>
    public IndexSnapshot<T> Replace(IndexSnapshot<T> current, SealedSegment<T>? merged)
    {
        var views = new List<SegmentView<T>>();
        var died = new SlotSet.Editor(SlotSet.Empty);
        foreach (SegmentView<T> view in current.Views)
        {
            SegmentView<T>? source = Array.Find(sources, s => ReferenceEquals(s.Segment, view.Segment));
            if (source is null)
            {
                views.Add(view);
            }
            else if (!ReferenceEquals(source.Dead, view.Dead))
            {
                KillSince(source, view, merged, died);
            }
        }

        if (merged is not null)
        {
            int count = sources.Sum(v => v.Live);
            views.Insert(0, new SegmentView<T>(merged, count, died.Build()));
        }

        return new IndexSnapshot<T>(current.Bits, current.SignatureBits, [.. views], tuning, current.Paths);
    }

    /// <summary>Marks what was deleted from a source while the new segment was made.</summary>
    private static void KillSince(SegmentView<T> before, SegmentView<T> now, SealedSegment<T>? merged, SlotSet.Editor died)
    {
        for (int word = 0; word <= (now.Count - 1) >> 6; word++)
        {
            for (ulong bits = now.Dead.Word(word) & ~before.Dead.Word(word); bits != 0; bits &= bits - 1)
            {
                long id = now.Segment.Id((64 * word) + BitOperations.TrailingZeroCount(bits));
                died.Add(merged!.FindLive(id, int.MaxValue, SlotSet.Empty));
            }
        }
    }
}
