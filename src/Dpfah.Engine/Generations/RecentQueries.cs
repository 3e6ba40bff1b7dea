using System.Collections.Concurrent;

namespace Dpfah.Engine.Generations;

/// <summary>Previews of the last searches by picture, in memory: what generations are compared on.</summary>
public sealed class RecentQueries
{
    /// <summary>Searches that are kept of each collection; some 10 kB each.</summary>
    public const int Most = 200;

    private const int MostCollections = 64;

    // A preview of noise has a hundred times as many as one of a photo.
    private const int MostBytes = 64 << 10;

    private readonly ConcurrentDictionary<int, ConcurrentQueue<ReadOnlyMemory<byte>>> byCollection = new();

    /// <summary>Keeps a search.</summary>
    /// <param name="collectionId">The collection that was searched.</param>
    /// <param name="previewJpeg">Preview of the query.</param>
    public void Add(int collectionId, ReadOnlyMemory<byte> previewJpeg)
    {
        if (previewJpeg.Length > MostBytes)
        {
            return;
        }

        if (!byCollection.TryGetValue(collectionId, out ConcurrentQueue<ReadOnlyMemory<byte>>? queue))
        {
            if (byCollection.Count >= MostCollections)
            {
                // Collections come and go; whichever is forgotten is soon searched again, or is not missed.
                byCollection.TryRemove(byCollection.Keys.First(), out _);
            }

            queue = byCollection.GetOrAdd(collectionId, _ => new ConcurrentQueue<ReadOnlyMemory<byte>>());
        }

        queue.Enqueue(previewJpeg);
        while (queue.Count > Most && queue.TryDequeue(out _))
        {
        }
    }

    /// <summary>Forgets searches by pictures that were deleted.</summary>
    /// <param name="collectionId">The collection.</param>
    /// <param name="previews">Previews of the pictures.</param>
    internal void Forget(int collectionId, IReadOnlyCollection<byte[]> previews)
    {
        if (byCollection.TryGetValue(collectionId, out ConcurrentQueue<ReadOnlyMemory<byte>>? queue))
        {
            // A search that comes at this moment may be lost: nobody waits for it.
            byCollection[collectionId] = new ConcurrentQueue<ReadOnlyMemory<byte>>(queue.Where(query => !previews.Any(preview => query.Span.SequenceEqual(preview))));
        }
    }

    /// <summary>Forgets all searches of a collection that was deleted.</summary>
    internal void Forget(int collectionId) => byCollection.TryRemove(collectionId, out _);

    /// <summary>The last searches of a collection, the oldest first.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Of(int collectionId) => byCollection.TryGetValue(collectionId, out var queue) ? [.. queue] : [];
}
