namespace Dpfah.Engine.Search.Shards;

/// <summary>Something was asked for that needs all codes of a collection in one memory, and they are spread over several.</summary>
/// <param name="collection">The collection.</param>
public sealed class ShardedCollectionException(string collection) : Exception(
    $"The codes of collection '{collection}' are spread over shards, and this needs all of them on one node. POST /collections/{collection}/reshard with {{\"shards\": 0}} brings them back to every node.")
{
    /// <summary>The collection.</summary>
    public string Collection => collection;
}
