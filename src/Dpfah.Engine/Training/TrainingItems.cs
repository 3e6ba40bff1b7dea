using Dpfah.Core.Indexing.Filters;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Training;

/// <summary>Reads which pictures of a collection a training is about, and says whether something can be learned from them.</summary>
internal sealed class TrainingItems(Database database, ImageReader images)
{
    private const int Page = 2000;
    private const int LabelsTold = 5;

    /// <summary>Number of a collection; null when there is none of that name.</summary>
    public Task<int?> FindCollectionAsync(string name, CancellationToken cancellationToken) => database.ReadAsync(
        (context, token) => context.Collections.Where(c => c.Name == name && c.DeletedAt == null).Select(c => (int?)c.Id).SingleOrDefaultAsync(token),
        cancellationToken);

    /// <summary>The pictures in the order of their item numbers.</summary>
    /// <param name="collectionId">The collection.</param>
    /// <param name="request">Which of its pictures, and which of their labels. A method that learns from labels gets labelled pictures only.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<List<TrainingItem>> ReadAsync(int collectionId, TrainingRequest request, CancellationToken cancellationToken)
    {
        ItemFilter? filter = await FilterAsync(collectionId, request.Source, cancellationToken);
        HashSet<string>? wanted = request.Source.Labels is { } labels ? new HashSet<string>(labels, StringComparer.Ordinal) : null;
        var items = new List<TrainingItem>();
        long after = 0;
        while (true)
        {
            long from = after;
            var rows = await database.ReadAsync(
                (context, token) => context.Items.Where(i => i.CollectionId == collectionId && i.Number > from).OrderBy(i => i.Number).Take(Page)
                    .Select(i => new { i.Number, i.PublicId, i.Labels, i.ContentDigest, Metadata = filter == null ? null : i.Metadata })
                    .ToListAsync(token),
                cancellationToken);
            foreach (var row in rows)
            {
                string[] counted = wanted is null ? row.Labels : [.. row.Labels.Where(wanted.Contains)];
                bool needed = counted.Length > 0 || (wanted is null && !request.NeedsLabels);
                if (needed && (filter is null || Passes(filter, row.Number, row.Labels, row.Metadata)))
                {
                    items.Add(new TrainingItem(row.Number, row.PublicId, counted, row.ContentDigest));
                }
            }

            if (rows.Count < Page)
            {
                return items;
            }

            after = rows[^1].Number;
        }
    }

    /// <summary>Refuses pictures from which nothing can be learned.</summary>
    /// <param name="items">What <see cref="ReadAsync"/> returned.</param>
    /// <param name="trained">How many of them the split leaves to train on.</param>
    /// <param name="request">What is asked for.</param>
    /// <exception cref="TrainingRefusedException">The code and the sentence say why.</exception>
    public static void ThrowIfTooFew(IReadOnlyList<TrainingItem> items, int trained, TrainingRequest request)
    {
        if (request.NeedsLabels)
        {
            ThrowIfTooFewLabels(items, request);
        }

        int least = request.NeedsLabels ? 2 : request.Bits + 1;
        if (trained < least)
        {
            string why = request.NeedsLabels ? "" : $" A hash layer of {request.Bits} bits is fitted on more than {request.Bits}: take fewer bits, or import more pictures.";
            throw new TrainingRefusedException(
                "too-few-pictures", $"The source has {items.Count} pictures, of which {trained} would be trained on; {request.Method} needs at least {least}.{why}");
        }
    }

    private static void ThrowIfTooFewLabels(IReadOnlyList<TrainingItem> items, TrainingRequest request)
    {
        if (items.Count == 0)
        {
            throw new TrainingRefusedException(
                "no-labels",
                $"No picture of the source has a label{(request.Source.Labels is null ? "" : " of those named")}, and {request.Method} learns from labels. Label some, or take a method without: itq.");
        }

        KeyValuePair<string, int>[] counts = [.. items.SelectMany(item => item.Labels).CountBy(label => label).OrderBy(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal)];
        if (counts.Length == 1)
        {
            throw new TrainingRefusedException(
                "one-class", $"All {items.Count} labelled pictures of the source have the one label '{counts[0].Key}': there is nothing to tell apart. {request.Method} needs at least two labels.");
        }

        KeyValuePair<string, int>[] alone = [.. counts.TakeWhile(c => c.Value < Core.Training.CollectionSplit.LeastTraining)];
        if (alone.Length > 0)
        {
            string names = string.Join(", ", alone.Take(LabelsTold).Select(c => $"'{c.Key}'"));
            throw new TrainingRefusedException(
                "class-too-small",
                $"{(alone.Length == 1 ? "A label has" : $"{alone.Length} labels have")} one picture only: {names}{(alone.Length > LabelsTold ? ", …" : "")}. Each needs two or more: label more pictures, or leave these labels out by 'source.labels'.");
        }
    }

    /// <summary>The filter of a source; null for none.</summary>
    /// <exception cref="TrainingRefusedException">The filter cannot be read.</exception>
    public async Task<ItemFilter?> FilterAsync(int collectionId, TrainingSource source, CancellationToken cancellationToken)
    {
        if (source.Filter is null)
        {
            return null;
        }

        if (SearchFilter.TryParse(source.Filter.ToJsonString(), out SearchFilter? filter) is string fault)
        {
            throw new TrainingRefusedException("bad-filter", fault);
        }

        return filter!.ToItemFilter(await images.NumbersAsync([collectionId], filter.Ids, cancellationToken));
    }

    /// <summary>Whether a picture meets a filter.</summary>
    public static bool Passes(ItemFilter filter, long number, string[] labels, string? metadata)
    {
        ItemField[] fields =
        [
            .. labels.Select(label => new ItemField(ItemProperties.LabelField, FieldValue.Of(label))), .. ItemProperties.FieldsOf(metadata),
        ];
        return filter.Passes(number, fields);
    }
}
