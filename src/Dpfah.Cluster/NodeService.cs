using Dpfah.Engine.Search.Shards;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace Dpfah.Cluster;

/// <summary>The shards of a node, asked by others without looking up where their owners are.</summary>
[Alias("dpfah.node")]
public interface INodeService : IGrainService
{
    /// <summary>Answers queries to a shard, and to those that the request names beside it; one that is not on the node is told as loading.</summary>
    [Alias("search")]
    Task<ShardReply> SearchAsync(int generation, int shards, int shard, ShardRequest request, CancellationToken cancellationToken);

    /// <summary>Whether a shard is in the node's memory, so that its owner may come.</summary>
    [Alias("has")]
    Task<bool> HasAsync(int generation, int shards, int shard);

    /// <summary>Hears that a node is about to end, so that its shards are loaded elsewhere while it still answers.</summary>
    [Alias("leaving")]
    Task HearLeavingAsync(SiloAddress node);
}

/// <inheritdoc cref="INodeService"/>
/// <remarks>
/// When a node is lost, so is its part of the directory that knows where grains are: for the seconds until it is given up, a look-up may wait in vain,
/// though the shard itself is on a node that lives. The table of shards needs no directory.
/// </remarks>
[Reentrant]
internal sealed class NodeService(GrainId id, Silo silo, ILoggerFactory loggers, ShardHost host, LeavingNodes leaving) : GrainService(id, silo, loggers), INodeService
{
    /// <inheritdoc/>
    public async Task<ShardReply> SearchAsync(int generation, int shards, int shard, ShardRequest request, CancellationToken cancellationToken)
    {
        Task<ShardReply> first = host.SearchAsync(new IndexKey(generation, shards, shard), request, cancellationToken);
        if (request.Others is not { } others)
        {
            return await first;
        }

        ShardReply[] rest = await Task.WhenAll(others.Select(other => host.SearchAsync(new IndexKey(generation, shards, other), request, cancellationToken)));
        return await first with { Others = rest };
    }

    /// <inheritdoc/>
    public Task<bool> HasAsync(int generation, int shards, int shard) => Task.FromResult(host.Report(new IndexKey(generation, shards, shard)).IsLoaded);

    /// <inheritdoc/>
    public Task HearLeavingAsync(SiloAddress node)
    {
        leaving.Add(node);
        return Task.CompletedTask;
    }
}

/// <summary>Finds the services of nodes.</summary>
internal sealed class NodeServices(IServiceProvider services) : GrainServiceClient<INodeService>(services)
{
    /// <summary>That of one node.</summary>
    public INodeService On(SiloAddress node) => GetGrainService(node);
}
