using Dpfah.Core.Indexing.Filters;
using Dpfah.Core.Training;
using Dpfah.Engine.Data;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Training;

/// <summary>Gives hits that somebody called right the labels of their queries, among the training pictures alone.</summary>
/// <remarks>
/// Pictures that are kept from the training keep the labels that they have: what is measured is what the catalogue says, and stays
/// comparable with trainings without feedback. Labels go from query to hit once, and no further; only labels that are learned anyway.
/// </remarks>
internal sealed class TrainingFeedback(Database database, TrainingItems reader)
{
    /// <summary>Adds labels and pictures.</summary>
    /// <param name="collectionId">The collection.</param>
    /// <param name="source">Which of its pictures are trained on.</param>
    /// <param name="items">Those, with the labels of the catalogue.</param>
    /// <param name="parts">What each is used for.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>The pictures and their parts, added ones at the end in the order of their numbers, and what was added.</returns>
    public async Task<(List<TrainingItem> Items, CollectionPart[] Parts, FeedbackCounts Counts)> AddAsync(
        int collectionId, TrainingSource source, IReadOnlyList<TrainingItem> items, CollectionPart[] parts, CancellationToken cancellationToken)
    {
        ItemFilter? filter = await reader.FilterAsync(collectionId, source, cancellationToken);
        var pairs = await database.ReadAsync(
            (context, token) => context.Feedback.Where(f => f.CollectionId == collectionId && f.IsRight && f.QueryItem != null)
                .Join(context.Items, f => f.QueryItem, q => (long?)q.Number, (f, q) => new { f.ItemNumber, QueryLabels = q.Labels })
                .Join(context.Items, x => x.ItemNumber, h => h.Number, (x, h) => new { x.QueryLabels, Hit = h })
                .ToListAsync(token),
            cancellationToken);
        var learned = items.SelectMany(item => item.Labels).ToHashSet(StringComparer.Ordinal);
        var keptDigests = items.Where((_, i) => parts[i] != CollectionPart.Train).Select(item => Convert.ToHexString(item.Digest)).ToHashSet();
        Dictionary<long, int> places = items.Index().ToDictionary(item => item.Item.Number, item => item.Index);
        List<TrainingItem> all = [.. items];
        int used = 0, labelled = 0;
        var added = new List<TrainingItem>();
        foreach (var hit in pairs.GroupBy(pair => pair.Hit.Number).OrderBy(group => group.Key))
        {
            Data.Entities.Item item = hit.First().Hit;
            bool isItem = places.TryGetValue(item.Number, out int place);
            string[] own = isItem ? items[place].Labels : [];
            string[][] given = [.. hit.Select(pair => pair.QueryLabels.Where(label => learned.Contains(label) && !own.Contains(label, StringComparer.Ordinal)).ToArray())];
            string[] labels = [.. own, .. given.SelectMany(labels => labels).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            if (labels.Length == own.Length)
            {
                continue;
            }

            if (isItem && parts[place] == CollectionPart.Train)
            {
                all[place] = items[place] with { Labels = labels };
                labelled++;
            }
            else if (!isItem && !keptDigests.Contains(Convert.ToHexString(item.ContentDigest))
                && (filter is null || TrainingItems.Passes(filter, item.Number, item.Labels, item.Metadata)))
            {
                added.Add(new TrainingItem(item.Number, item.PublicId, labels, item.ContentDigest));
            }
            else
            {
                continue;
            }

            used += given.Count(labels => labels.Length > 0);
        }

        return (
            [.. all, .. added],
            [.. parts, .. added.Select(_ => CollectionPart.Train)],
            new FeedbackCounts(used, labelled, added.Count));
    }
}
