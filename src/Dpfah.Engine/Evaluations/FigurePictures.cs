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

    /// <summary>Notes what new figures of a model show, in place of what those before showed.</summary>
    /// <param name="context">In the transaction that has stored them.</param>
    /// <param name="modelId">The model.</param>
    /// <param name="collectionId">The collection whose pictures they show; null for those of a data set.</param>
    /// <param name="figures">Names and bytes of the files.</param>
    /// <param name="cancellationToken">Gives up before the commit.</param>
    /// <remarks>A figure with a picture that was deleted meanwhile is not kept.</remarks>
    public static async Task NoteAsync(
        DpfahContext context, int modelId, int? collectionId, IEnumerable<(string Name, byte[] Bytes)> figures, CancellationToken cancellationToken)
    {
        Dictionary<string, byte[]> files = figures.ToDictionary(figure => figure.Name, figure => figure.Bytes, StringComparer.Ordinal);
        foreach (string kind in Kinds)
        {
            if (!files.TryGetValue($"{kind}.json", out byte[]? json))
            {
                continue;
            }

            await context.FigurePictures.Where(p => p.ModelId == modelId && p.Kind == kind).ExecuteDeleteAsync(cancellationToken);
            if (collectionId is null)
            {
                continue;
            }

            string[] ids = [.. IdsOf(json)];
            List<long> numbers = await context.Items.Where(i => i.CollectionId == collectionId && ids.Contains(i.PublicId))
                .Select(i => i.Number).ToListAsync(cancellationToken);
            if (numbers.Count < ids.Length)
            {
                await RemoveAsync(context, modelId, kind, cancellationToken);
                continue;
            }

            context.FigurePictures.AddRange(numbers.Select(number => new FigurePicture { ModelId = modelId, Kind = kind, ItemNumber = number }));
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
