using System.Collections.Concurrent;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Search;
using Dpfah.Engine.Search.Shards;

namespace Dpfah.Cluster;

/// <summary>The shards of this process: the store from which its grains answer. Scans run on threads of their own.</summary>
/// <param name="follower">Loads them, and keeps them in step with the change log.</param>
/// <param name="node">Address of this node.</param>
internal sealed class ShardHost(IndexFollower follower, string node) : IDisposable
{
    // A query is read in microseconds, sooner than another thread would begin; a batch, or one with a large filter, is not.
    private const int FewBytes = 4_096;

    private readonly SearchGate gate = new(Environment.ProcessorCount, ownThreads: true);
    private readonly ConcurrentDictionary<ShardGrain, IDisposable> active = new();

    /// <summary>The owners of replicas that are active here.</summary>
    public IReadOnlyCollection<ShardGrain> Active => [.. active.Keys];

    /// <summary>Keeps a shard for its owner.</summary>
    public IDisposable Hold(IndexKey key, ShardGrain owner)
    {
        IDisposable shard = follower.Hold(key);
        active[owner] = shard;
        return new Ownership(shard, () => active.TryRemove(owner, out _));
    }

    /// <summary>Loads a shard for an owner that is to come.</summary>
    public IDisposable Prepare(IndexKey key) => follower.Hold(key);

    /// <summary>Answers queries to a shard.</summary>
    public async Task<ShardReply> SearchAsync(IndexKey key, ShardRequest request, CancellationToken cancellationToken)
    {
        // From here on nothing that takes long runs where the node's messages are handled.
        if (request.Position > 0 && !await follower.WaitAsync(request.Position, cancellationToken).ConfigureAwait(false))
        {
            return new ShardReply(ShardOutcome.Behind, null, follower.Applied.Value);
        }

        (CollectionIndex? index, bool answers, ulong applied) = follower.LookAtShard(key);
        if (!answers)
        {
            // Who asks may be ahead of this node by a moment.
            await follower.WaitForNewsAsync(cancellationToken).ConfigureAwait(false);
            (index, answers, applied) = follower.LookAtShard(key);
            if (!answers)
            {
                return new ShardReply(ShardOutcome.Switched, null, applied);
            }
        }

        if (index is null)
        {
            return new ShardReply(ShardOutcome.Loading, null, applied);
        }

        if (request.Queries.Length > FewBytes)
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }

        IndexQuery<IndexedItem>[] queries = ShardWire.ReadQueries(request.Queries);
        IndexAnswer<IndexedItem>[] found = await gate.SearchAsync(index, queries, cancellationToken).ConfigureAwait(false);
        return new ShardReply(ShardOutcome.Answered, ShardWire.Write(found, request.Field), applied);
    }

    /// <summary>How a shard is.</summary>
    public ShardReport Report(IndexKey key)
    {
        (CollectionIndex? index, _, ulong applied) = follower.LookAtShard(key);
        return index is null
            ? new ShardReport(node, false, 0, 0, 0, applied)
            : new ShardReport(node, true, index.Snapshot.Count, index.Snapshot.MemoryBytes, index.Digest, applied);
    }

    /// <summary>Lets go what owners still hold that were never told to end, as when the other nodes had given this one up.</summary>
    public void Dispose()
    {
        foreach (IDisposable shard in active.Values)
        {
            shard.Dispose();
        }

        gate.EndThreads();
    }

    private sealed class Ownership(IDisposable shard, Action end) : IDisposable
    {
        public void Dispose()
        {
            end();
            shard.Dispose();
        }
    }
}
