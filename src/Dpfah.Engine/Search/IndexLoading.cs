using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Search.Shards;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Search;

/// <summary>Loads generations from one snapshot of the database.</summary>
/// <param name="database">Where they are.</param>
/// <param name="follower">Knows the models.</param>
/// <param name="progress">Told how many codes were loaded, and of how many.</param>
internal sealed class IndexLoading(Database database, IndexFollower follower, Action<long, long> progress)
{
    private const int RowsBetweenReports = 10_000;

    private long done;
    private long total;

    /// <summary>Loads the active generations of all collections, but for those that are in shards.</summary>
    /// <param name="context">In a transaction of <see cref="Database.BeginSnapshotAsync"/>.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <returns>The indexes by the names of their collections.</returns>
    /// <exception cref="InvalidDataException">An index does not agree with the log, or a row cannot be read.</exception>
    public async Task<Dictionary<string, CollectionIndex>> LoadAsync(DpfahContext context, CancellationToken cancellationToken) =>
        (await LoadAsync(
            context,
            context.Generations.Where(g => g.IsActive && (!follower.HasShards || context.Collections.Any(c => c.Id == g.CollectionId && c.Shards == 0))),
            default,
            cancellationToken))
            .ToDictionary(index => index.Name, StringComparer.Ordinal);

    /// <summary>Loads one generation, or a shard of it, whether it is active or not.</summary>
    /// <returns>Null when it, or its collection, is gone.</returns>
    /// <inheritdoc cref="LoadAsync(DpfahContext, CancellationToken)"/>
    public async Task<CollectionIndex?> LoadAsync(DpfahContext context, IndexKey key, CancellationToken cancellationToken) =>
        (await LoadAsync(context, context.Generations.Where(g => g.Id == key.Generation), key, cancellationToken)).SingleOrDefault();

    private async Task<List<CollectionIndex>> LoadAsync(
        DpfahContext context, IQueryable<Generation> wanted, IndexKey part, CancellationToken cancellationToken)
    {
        using BulkReader reader = await database.OpenBulkAsync(context, cancellationToken);
        Dictionary<int, LogSum> log = await reader.SumLogAsync(cancellationToken);
        var generations = await context.Collections.Where(c => c.DeletedAt == null)
            .Join(wanted, c => c.Id, g => g.CollectionId, (c, g) => new { Collection = c, Generation = g })
            .ToListAsync(cancellationToken);
        total = generations.Sum(a => Expected(a.Generation).Count);
        var loaded = new List<CollectionIndex>(generations.Count);
        foreach (var a in generations)
        {
            loaded.Add(await LoadAsync(reader, a.Collection, a.Generation, part with { Generation = a.Generation.Id }, Expected(a.Generation), cancellationToken));
        }

        return loaded;

        // Rows that were trimmed from the log were folded into the generation's row.
        LogSum Expected(Generation generation)
        {
            LogSum kept = log.GetValueOrDefault(generation.Id);
            return new LogSum(generation.TrimmedDigest ^ kept.Digest, generation.TrimmedCount + kept.Count);
        }
    }

    private async Task<CollectionIndex> LoadAsync(
        BulkReader reader, Collection collection, Generation generation, IndexKey part, LogSum expected, CancellationToken cancellationToken)
    {
        GenerationInfo described = await follower.DescribeAsync(generation, cancellationToken);
        var loader = new CollectionLoader(collection.Id, collection.Name, described, expected.Count / Math.Max(part.Shards, 1), reader);
        await reader.ReadItemsAsync(
            collection.Id,
            part,
            (in ItemRow row) =>
            {
                loader.Add(row);
                if (++done % RowsBetweenReports == 0)
                {
                    progress(done, total);
                }
            },
            cancellationToken);
        progress(done, total);
        CollectionIndex index = loader.Build();

        // What the log adds up to is the generation's: of a shard nobody has written it down.
        if (part.Shards <= 1 && (index.Digest != expected.Digest || index.Snapshot.Count != expected.Count))
        {
            throw new InvalidDataException(
                $"The index of collection '{index.Name}' has {index.Snapshot.Count} pictures and digest {index.Digest:x16}; the log says {expected.Count} and {expected.Digest:x16}. "
                + "Rows of the tables items or codes were changed from outside: restore them, or delete and import the collection anew.");
        }

        return index;
    }
}
