using Dpfah.Core.Codes;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Catalogue;

/// <summary>Reads of pictures, straight from the database.</summary>
public sealed class ImageReader
{
    private readonly Database database;

    internal ImageReader(Database database) => this.database = database;

    /// <summary>Finds a picture with its code in a generation.</summary>
    /// <returns>Null when there is no such picture, or it has no code there: the generation does not answer any more.</returns>
    public async Task<ImageRecord?> FindAsync(int collectionId, int generationId, string id, CancellationToken cancellationToken) =>
        (await ReadAsync(
            collectionId, context => context.Generations.Where(g => g.Id == generationId), items => items.Where(i => i.PublicId == id), cancellationToken)).SingleOrDefault();

    /// <summary>Finds a picture with its code in the generation that answers.</summary>
    public async Task<ImageRecord?> FindAsync(int collectionId, string id, CancellationToken cancellationToken) =>
        (await ReadAsync(collectionId, Active(collectionId), items => items.Where(i => i.PublicId == id), cancellationToken)).SingleOrDefault();

    /// <summary>Whether a generation is the one that answers.</summary>
    public Task<bool> IsActiveAsync(int generationId, CancellationToken cancellationToken) => database.ReadAsync(
        (context, token) => context.Generations.AnyAsync(g => g.Id == generationId && g.IsActive, token), cancellationToken);

    /// <summary>Pictures of a collection in the order of their item numbers, with their codes in the generation that answers.</summary>
    /// <param name="collectionId">Number of the collection.</param>
    /// <param name="after">Item number after which to begin; 0 for the start.</param>
    /// <param name="limit">Most pictures to return.</param>
    /// <param name="labels">Labels of which a picture must have one; empty for all.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public Task<List<ImageRecord>> ListAsync(
        int collectionId, long after, int limit, IReadOnlyList<string> labels, CancellationToken cancellationToken) =>
        ReadAsync(
            collectionId,
            Active(collectionId),
            items =>
            {
                items = items.Where(i => i.Number > after);
                if (labels.Count > 0)
                {
                    items = items.Where(i => i.Labels.Any(l => labels.Contains(l)));
                }

                return items.OrderBy(i => i.Number).Take(limit);
            },
            cancellationToken);

    // As the database has it, which may be a moment ahead of this node's index: there each picture has a code.
    private static Func<DpfahContext, IQueryable<Generation>> Active(int collectionId) =>
        context => context.Generations.Where(g => g.CollectionId == collectionId && g.IsActive);

    private Task<List<ImageRecord>> ReadAsync(
        int collectionId,
        Func<DpfahContext, IQueryable<Generation>> generation,
        Func<IQueryable<Item>, IQueryable<Item>> narrow,
        CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (context, token) =>
                (await narrow(context.Items.Where(i => i.CollectionId == collectionId))
                    .Join(context.Codes, i => i.Number, c => c.ItemNumber, (i, c) => new { i, c })
                    .Join(generation(context), x => x.c.GenerationId, g => g.Id, (x, g) => x)
                    .Join(context.Previews, x => x.i.Number, p => p.ItemNumber, (x, p) => new { x.i, x.c, p.Width, p.Height })
                    .OrderBy(x => x.i.Number).ToListAsync(token))
                .ConvertAll(x => Record(x.i, x.Width, x.Height, x.c)),
            cancellationToken);

    /// <summary>Reads a picture's preview.</summary>
    public Task<PreviewFile?> FindPreviewAsync(int collectionId, string id, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (context, token) =>
            {
                var row = await context.Items.Where(i => i.CollectionId == collectionId && i.PublicId == id)
                    .Join(context.Previews, i => i.Number, p => p.ItemNumber, (i, p) => new { i.ContentDigest, p.Jpeg, p.Decoder })
                    .SingleOrDefaultAsync(token);
                return row is null ? null : new PreviewFile(row.Jpeg, Convert.ToHexStringLower(row.ContentDigest), row.Decoder);
            },
            cancellationToken);

    /// <summary>Metadata of items, by item number, in one query; items without any are left out.</summary>
    public Task<Dictionary<long, string>> MetadataAsync(IReadOnlyCollection<long> numbers, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (context, token) => context.Items.Where(i => numbers.Contains(i.Number) && i.Metadata != null)
                .ToDictionaryAsync(i => i.Number, i => i.Metadata!, token),
            cancellationToken);

    /// <summary>Item numbers by public id, of all pictures of some collections that have one of these ids.</summary>
    public Task<Dictionary<string, long[]>> NumbersAsync(
        IReadOnlyCollection<int> collectionIds, IReadOnlyCollection<string> ids, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (context, token) =>
                (await context.Items.Where(i => collectionIds.Contains(i.CollectionId) && ids.Contains(i.PublicId))
                    .Select(i => new { i.PublicId, i.Number }).ToListAsync(token))
                .GroupBy(i => i.PublicId, i => i.Number, StringComparer.Ordinal)
                .ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal),
            cancellationToken);

    internal static ImageRecord Record(Item item, int width, int height, StoredCode code) => new(
        item.Number,
        item.PublicId,
        item.Labels,
        item.Metadata,
        Convert.ToHexStringLower(item.ContentDigest),
        item.Version,
        item.CreatedAt,
        item.UpdatedAt,
        width,
        height,
        BinaryCode.FromBytes(code.Code),
        BinaryCode.FromBytes(code.Signature));
}
