using System.Collections.Concurrent;
using Dpfah.Core.Codes;

namespace Dpfah.Engine.Generations;

/// <summary>Previews of the last searches by picture, in memory: what generations are compared on.</summary>
/// <remarks>Whoever follows the change log makes it forget what was deleted or replaced, on every node and whoever deleted it.</remarks>
public sealed class RecentQueries
{
    /// <summary>Searches that are kept of each collection; some 10 kB each.</summary>
    public const int Most = 200;

    private const int MostCollections = 64;

    // A preview of noise has a hundred times as many as one of a photo.
    private const int MostBytes = 64 << 10;

    // The same picture, even when it was hashed on other hardware or decoded by another decoder; any two others differ in more.
    private const int MostBitsApart = 8;

    private readonly ConcurrentDictionary<int, ConcurrentQueue<Query>> byCollection = new();

    /// <summary>Keeps a search.</summary>
    /// <param name="collectionId">The collection that was searched.</param>
    /// <param name="signature">Signature of the query under the generation that answers.</param>
    /// <param name="previewJpeg">Preview of the query.</param>
    public void Add(int collectionId, BinaryCode signature, ReadOnlyMemory<byte> previewJpeg)
    {
        if (previewJpeg.Length > MostBytes)
        {
            return;
        }

        if (!byCollection.TryGetValue(collectionId, out ConcurrentQueue<Query>? queue))
        {
            if (byCollection.Count >= MostCollections)
            {
                // Collections come and go; whichever is forgotten is soon searched again, or is not missed.
                byCollection.TryRemove(byCollection.Keys.First(), out _);
            }

            queue = byCollection.GetOrAdd(collectionId, _ => new ConcurrentQueue<Query>());
        }

        queue.Enqueue(new Query(signature, previewJpeg));
        while (queue.Count > Most && queue.TryDequeue(out _))
        {
        }
    }

    /// <summary>Whether a collection was searched by a picture lately.</summary>
    internal bool Has(int collectionId) => byCollection.ContainsKey(collectionId);

    /// <summary>Forgets searches by pictures that were deleted or replaced.</summary>
    /// <param name="collectionId">The collection.</param>
    /// <param name="signatures">Signatures that the pictures had under the generation that answers.</param>
    internal void Forget(int collectionId, IReadOnlyCollection<BinaryCode> signatures)
    {
        if (byCollection.TryGetValue(collectionId, out ConcurrentQueue<Query>? queue))
        {
            // A search that comes at this moment may be lost: nobody waits for it.
            byCollection[collectionId] = new ConcurrentQueue<Query>(
                queue.Where(query => !signatures.Any(signature => query.Signature.HammingDistance(signature) <= MostBitsApart)));
        }
    }

    /// <summary>Forgets all searches of a collection that was deleted, or of which another generation answers: signatures are its own.</summary>
    internal void Forget(int collectionId) => byCollection.TryRemove(collectionId, out _);

    /// <summary>Forgets all searches: nobody knows what was deleted.</summary>
    internal void Clear() => byCollection.Clear();

    /// <summary>The last searches of a collection, the oldest first.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Of(int collectionId) => byCollection.TryGetValue(collectionId, out var queue) ? [.. queue.Select(query => query.PreviewJpeg)] : [];

    private sealed record Query(BinaryCode Signature, ReadOnlyMemory<byte> PreviewJpeg);
}
