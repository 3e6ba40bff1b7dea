using System.Text.Json;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Evaluations;

/// <summary>Which pictures of a collection the figures of models show. A figure goes with the first of them that is deleted or replaced.</summary>
internal static class FigurePictures
{
    // The kinds that show single pictures; their .json tells the ids.
    private static readonly string[] Kinds = ["tsne", "top10"];

    /// <summary>Ids of all pictures that figures show.</summary>
    public static HashSet<string> IdsOf(IEnumerable<(string Name, byte[] Bytes)> figures) =>
        [.. figures.Where(figure => Kinds.Any(kind => figure.Name == $"{kind}.json")).SelectMany(figure => IdsOf(figure.Bytes))];

    /// <summary>Looks at pictures before their previews are read for figures.</summary>
    /// <returns>What is there, by public id.</returns>
    public static Task<Dictionary<string, ShownPicture>> LookAsync(
        DpfahContext context, int collectionId, IReadOnlyCollection<long> numbers, CancellationToken cancellationToken) =>
        context.Items.Where(i => i.CollectionId == collectionId && numbers.Contains(i.Number))
            .ToDictionaryAsync(i => i.PublicId, i => new ShownPicture(i.Number, i.ContentDigest), StringComparer.Ordinal, cancellationToken);

    /// <summary>Finds those pictures that were neither deleted nor replaced since they were looked at, and locks them: nobody does before the commit.</summary>
    /// <param name="database">The database.</param>
    /// <param name="context">In the transaction that is to store figures, before it touches those that are there: deletions lock pictures first.</param>
    /// <param name="collectionId">The collection.</param>
    /// <param name="seen">The pictures, by public id.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Their numbers, by public id.</returns>
    public static async Task<Dictionary<string, long>> LockAsync(
        Database database, DpfahContext context, int collectionId, IReadOnlyDictionary<string, ShownPicture> seen, CancellationToken cancellationToken) =>
        (await database.LockItemsAsync(context, collectionId, [.. seen.Keys], cancellationToken))
            .Where(item => seen[item.PublicId] is var then && (then.Number ?? item.Number) == item.Number && then.Digest.AsSpan().SequenceEqual(item.ContentDigest))
            .ToDictionary(item => item.PublicId, item => item.Number, StringComparer.Ordinal);

    /// <summary>Notes what new figures of a model show, in place of what those before showed.</summary>
    /// <param name="context">In the transaction that has stored them.</param>
    /// <param name="modelId">The model.</param>
    /// <param name="pictures">Numbers of pictures that are as they were when the figures were drawn, by public id; null for figures of a data set.</param>
    /// <param name="figures">Names and bytes of the files.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <remarks>A figure with any other picture is not kept.</remarks>
    public static async Task NoteAsync(
        DpfahContext context,
        int modelId,
        IReadOnlyDictionary<string, long>? pictures,
        IEnumerable<(string Name, byte[] Bytes)> figures,
        CancellationToken cancellationToken)
    {
        Dictionary<string, byte[]> files = figures.ToDictionary(figure => figure.Name, figure => figure.Bytes, StringComparer.Ordinal);
        foreach (string kind in Kinds)
        {
            if (!files.TryGetValue($"{kind}.json", out byte[]? json))
            {
                continue;
            }

            await context.FigurePictures.Where(p => p.ModelId == modelId && p.Kind == kind).ExecuteDeleteAsync(cancellationToken);
            if (pictures is null)
            {
                continue;
            }

            HashSet<string> ids = IdsOf(json);
            if (!ids.All(pictures.ContainsKey))
            {
                await RemoveAsync(context, modelId, kind, cancellationToken);
                continue;
            }

            context.FigurePictures.AddRange(ids.Select(id => new FigurePicture { ModelId = modelId, Kind = kind, ItemNumber = pictures[id] }));
            await context.SaveChangesAsync(cancellationToken);
        }
    }

    /// <summary>Removes the figures that show any of some pictures, in the transaction that deletes or replaces them.</summary>
    public static Task RemoveAsync(DpfahContext context, IReadOnlyCollection<long> numbers, CancellationToken cancellationToken) =>
        RemoveAsync(context, context.FigurePictures.Where(p => numbers.Contains(p.ItemNumber)), cancellationToken);

    /// <summary>Removes the figures that show any picture of a collection, in the transaction that deletes it.</summary>
    public static Task RemoveAsync(DpfahContext context, int collectionId, CancellationToken cancellationToken) => RemoveAsync(
        context,
        context.FigurePictures.Where(p => context.Items.Any(i => i.Number == p.ItemNumber && i.CollectionId == collectionId)),
        cancellationToken);

    private static async Task RemoveAsync(DpfahContext context, IQueryable<FigurePicture> showing, CancellationToken cancellationToken)
    {
        foreach (var figure in await showing.Select(p => new { p.ModelId, p.Kind }).Distinct().ToListAsync(cancellationToken))
        {
            await RemoveAsync(context, figure.ModelId, figure.Kind, cancellationToken);
        }
    }

    private static async Task RemoveAsync(DpfahContext context, int modelId, string kind, CancellationToken cancellationToken)
    {
        string start = $"{kind}.";
        await context.Figures.Where(f => f.ModelId == modelId && f.Name.StartsWith(start)).ExecuteDeleteAsync(cancellationToken);
        await context.FigurePictures.Where(p => p.ModelId == modelId && p.Kind == kind).ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>All ids in the numbers of a figure.</summary>
    private static HashSet<string> IdsOf(byte[] json)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            bool namesPicture = reader.TokenType == JsonTokenType.PropertyName && (reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("query"u8));
            if (namesPicture && reader.Read() && reader.TokenType == JsonTokenType.String)
            {
                ids.Add(reader.GetString()!);
            }
        }

        return ids;
    }
}
