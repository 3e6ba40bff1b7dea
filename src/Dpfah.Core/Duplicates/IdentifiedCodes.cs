using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Duplicates;

/// <summary>Codes and the ids of the items that have them.</summary>
/// <param name="Ids">An id for each code, each once, in any order.</param>
/// <param name="Codes">The codes.</param>
public sealed record IdentifiedCodes(IReadOnlyList<long> Ids, CodeMatrix Codes)
{
    private const int SlotsBetweenLooks = 1 << 16;

    /// <summary>Copies the codes of an index.</summary>
    /// <param name="snapshot">The index.</param>
    /// <param name="filter">Which items; null for all.</param>
    /// <param name="cancellationToken">Looked at every 65,536 items.</param>
    public static IdentifiedCodes Of<T>(IndexSnapshot<T> snapshot, ItemFilter? filter, CancellationToken cancellationToken = default)
    {
        var ids = new List<long>(filter is null ? snapshot.Count : 0);
        var codes = new List<(SegmentView<T> View, int Position)>(ids.Capacity);
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

                if (!view.Dead.Contains(slot)
                    && filter?.Passes(view.Segment.Id(slot), view.Segment.Item(slot) is IFilterable item ? item.Fields : default) is not false)
                {
                    ids.Add(view.Segment.Id(slot));
                    codes.Add((view, view.Segment.Starts is null ? slot : position));
                }
            }
        }

        var matrix = new CodeMatrix(snapshot.Bits, ids.Count);
        for (int i = 0; i < codes.Count; i++)
        {
            matrix.SetWords(i, snapshot.CodeOf(codes[i].View, codes[i].Position));
        }

        return new IdentifiedCodes(ids, matrix);
    }
}
