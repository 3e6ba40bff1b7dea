using Dpfah.Core.Evaluation;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Engine.Search;

namespace Dpfah.Engine.Evaluations;

/// <summary>Which pictures a model is measured on.</summary>
internal static class EvaluatedPictures
{
    private const int ItemsBetweenLooks = 1 << 14;

    /// <summary>Labelled pictures of a collection, in item order.</summary>
    /// <param name="snapshot">The collection.</param>
    /// <param name="filter">Which; null for all.</param>
    /// <param name="most">Most pictures; of more, a sample that depends on their item numbers alone.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static List<EvaluatedPicture> Choose(IndexSnapshot<IndexedItem> snapshot, ItemFilter? filter, int most, CancellationToken cancellationToken)
    {
        var chosen = new PriorityQueue<EvaluatedPicture, ulong>(Comparer<ulong>.Create((a, b) => b.CompareTo(a)));
        int seen = 0;
        foreach (IndexEntry<IndexedItem> entry in snapshot.Entries)
        {
            if (seen++ % ItemsBetweenLooks == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            ulong hash = IdHash.Of(entry.Id);
            if (entry.Item.Labels.Count == 0
                || (chosen.Count == most && chosen.TryPeek(out _, out ulong greatest) && hash > greatest)
                || filter?.Passes(entry.Id, entry.Item.Fields) == false)
            {
                continue;
            }

            chosen.Enqueue(new EvaluatedPicture(entry.Id, entry.Item.PublicId, entry.Item.Labels), hash);
            if (chosen.Count > most)
            {
                chosen.Dequeue();
            }
        }

        return [.. chosen.UnorderedItems.Select(item => item.Element).OrderBy(picture => picture.Number)];
    }

    /// <summary>Pictures by number; of more than <paramref name="most"/>, a sample that depends on their numbers alone.</summary>
    public static List<EvaluatedPicture> Sample(IReadOnlyList<EvaluatedPicture> pictures, int most) =>
        [.. pictures.OrderBy(picture => IdHash.Of(picture.Number)).Take(most).OrderBy(picture => picture.Number)];

    /// <summary>Whether there is something to measure.</summary>
    /// <returns>Null, or a sentence that says what is missing.</returns>
    public static string? Check(IReadOnlyList<EvaluatedPicture> pictures)
    {
        if (pictures.Count < 2)
        {
            return $"There are {pictures.Count} labelled pictures; a model is measured on two or more. Label some.";
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        return pictures.Any(picture => picture.Labels.Distinct(StringComparer.Ordinal).Any(label => !seen.Add(label)))
            ? null
            : $"No two of the {pictures.Count:N0} labelled pictures have a label in common: nothing that is found would be right. Label some alike.";
    }
}
