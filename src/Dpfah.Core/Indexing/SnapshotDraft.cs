using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Indexing;

/// <summary>The writer's draft of the next snapshot: appends to the tail, marks slots dead, shares all else.</summary>
internal sealed class SnapshotDraft<T>
{
    // A tail smaller than this is not worth rewriting.
    private const int LeastRewritten = 64;

    private readonly IndexSnapshot<T> source;
    private readonly IndexTuning tuning;
    private readonly List<SegmentView<T>> sealedViews;
    private readonly Dictionary<Segment<T>, SlotSet.Editor> edits = [];
    private TailSegment<T> tail;
    private SlotSet tailDead;

    /// <param name="source">Its last view is of the tail that the writer appends to.</param>
    /// <param name="tuning">Sizes.</param>
    public SnapshotDraft(IndexSnapshot<T> source, IndexTuning tuning)
    {
        this.source = source;
        this.tuning = tuning;
        sealedViews = [.. source.Views[..^1]];
        tail = (TailSegment<T>)source.Views[^1].Segment;
        tailDead = source.Views[^1].Dead;
    }

    public void Put(IndexEntry<T> entry)
    {
        Delete(entry.Id);
        if (tail.Count == tuning.TailCapacity)
        {
            sealedViews.Add(TailView());
            Begin(new TailSegment<T>(source.Bits, source.SignatureBits));
        }
        else if (tail.Count == tail.Capacity)
        {
            TailSegment<T> larger = tail.Larger();
            if (edits.Remove(tail, out SlotSet.Editor? editor))
            {
                edits.Add(larger, editor);
            }

            tail = larger;
        }

        tail.Append(entry.Id, entry.Code.Words, entry.Signature.Words, entry.Item);
    }

    public void Delete(long id)
    {
        if (TryKill(tail, tail.Count, tailDead, id))
        {
            return;
        }

        for (int i = sealedViews.Count - 1; i >= 0; i--)
        {
            SegmentView<T> view = sealedViews[i];
            if (TryKill(view.Segment, view.Count, view.Dead, id))
            {
                return;
            }
        }
    }

    /// <summary>The finished snapshot.</summary>
    public IndexSnapshot<T> Build(PathCounts paths)
    {
        SegmentView<T> last = TailView();
        if (last.Count >= LeastRewritten && 2 * last.Dead.Count > last.Count)
        {
            last = Rewritten(last);
        }

        return new IndexSnapshot<T>(source.Bits, source.SignatureBits, [.. sealedViews.Select(Edited), last], tuning, paths);
    }

    private bool TryKill(Segment<T> segment, int count, SlotSet dead, long id)
    {
        int slot = segment.FindLive(id, count, dead);
        if (slot < 0)
        {
            return false;
        }

        if (!edits.TryGetValue(segment, out SlotSet.Editor? editor))
        {
            edits.Add(segment, editor = new SlotSet.Editor(dead));
        }

        bool lives = !editor.Contains(slot);
        editor.Add(slot);
        return lives;
    }

    private void Begin(TailSegment<T> next)
    {
        tail = next;
        tailDead = SlotSet.Empty;
    }

    private SegmentView<T> TailView() => Edited(new SegmentView<T>(tail, tail.Count, tailDead));

    private SegmentView<T> Edited(SegmentView<T> view) =>
        edits.TryGetValue(view.Segment, out SlotSet.Editor? editor) ? view with { Dead = editor.Build() } : view;

    private SegmentView<T> Rewritten(SegmentView<T> view)
    {
        int words = Codes.BinaryCode.WordsFor(source.Bits);
        var target = new TailSegment<T>(source.Bits, source.SignatureBits);
        for (int slot = 0; slot < view.Count; slot++)
        {
            if (view.Dead.Contains(slot))
            {
                continue;
            }

            target = target.Count == target.Capacity ? target.Larger() : target;
            Segment<T> from = view.Segment;
            target.Append(from.Id(slot), from.Codes.Span((long)slot * words, words), from.Signature(slot), from.Item(slot));
        }

        return new SegmentView<T>(target, target.Count, SlotSet.Empty);
    }
}
