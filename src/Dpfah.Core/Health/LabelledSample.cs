using Dpfah.Core.Evaluation;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Health;

/// <summary>Labelled items of an index in two halves that share no item: one to fit with, one to test the fit with.</summary>
/// <remarks>
/// Which half an item is in, and whether it is in the sample, follows from a hash of its id alone: a sample changes little when items
/// come and go, and it does not depend on their order.
/// </remarks>
internal sealed class LabelledSample
{
    private const int SlotsBetweenLooks = 1 << 16;

    private LabelledSample(long labelled, LabelledHalf fitting, LabelledHalf testing)
    {
        Labelled = labelled;
        Fitting = fitting;
        Testing = testing;
    }

    /// <summary>Items with a label.</summary>
    public long Labelled { get; }

    public LabelledHalf Fitting { get; }

    public LabelledHalf Testing { get; }

    /// <summary>Draws a sample.</summary>
    /// <param name="snapshot">The index.</param>
    /// <param name="labels">The labels of an item.</param>
    /// <param name="perHalf">Most items of a half.</param>
    /// <param name="cancellationToken">Looked at every 65,536 items.</param>
    public static LabelledSample Of<T>(
        IndexSnapshot<T> snapshot, Func<T, IReadOnlyList<string>> labels, int perHalf, CancellationToken cancellationToken)
    {
        // The items with the smallest hashes, the greatest of them in front.
        PriorityQueue<Found<T>, ulong>[] smallest = [NewQueue<T>(), NewQueue<T>()];
        long labelled = 0;
        foreach (SegmentView<T> view in snapshot.Views)
        {
            int position = 0;
            for (int slot = 0; slot < view.Count; slot++)
            {
                if (slot % SlotsBetweenLooks == 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }

                while (view.Segment.Starts is { } starts && slot >= starts[position + 1])
                {
                    position++;
                }

                if (view.Dead.Contains(slot) || labels(view.Segment.Item(slot)).Count == 0)
                {
                    continue;
                }

                labelled++;
                ulong hash = IdHash.Of(view.Segment.Id(slot));
                PriorityQueue<Found<T>, ulong> half = smallest[(int)(hash & 1)];
                if (half.Count < perHalf || (half.TryPeek(out _, out ulong greatest) && hash < greatest))
                {
                    half.Enqueue(new Found<T>(view, view.Segment.Starts is null ? slot : position, slot), hash);
                    if (half.Count > perHalf)
                    {
                        half.Dequeue();
                    }
                }
            }
        }

        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        return new LabelledSample(labelled, HalfOf(snapshot, smallest[0], labels, known), HalfOf(snapshot, smallest[1], labels, known));
    }

    private static PriorityQueue<Found<T>, ulong> NewQueue<T>() => new(Comparer<ulong>.Create((a, b) => b.CompareTo(a)));

    private static LabelledHalf HalfOf<T>(
        IndexSnapshot<T> snapshot, PriorityQueue<Found<T>, ulong> found, Func<T, IReadOnlyList<string>> labels, Dictionary<string, int> known)
    {
        var half = new LabelledHalf(snapshot.Bits, found.Count);
        int item = 0;
        foreach ((Found<T> one, _) in found.UnorderedItems)
        {
            var numbers = new SortedSet<int>();
            foreach (string label in labels(one.View.Segment.Item(one.Slot)))
            {
                if (!known.TryGetValue(label, out int number))
                {
                    known.Add(label, number = known.Count);
                }

                numbers.Add(number);
            }

            half.Set(item++, snapshot.CodeOf(one.View, one.Position), [.. numbers]);
        }

        return half;
    }

    private readonly record struct Found<T>(SegmentView<T> View, int Position, int Slot);
}
