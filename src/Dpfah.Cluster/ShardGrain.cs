using Dpfah.Engine.Search.Shards;
using Orleans.Concurrency;

namespace Dpfah.Cluster;

/// <summary>The owner of a replica of a shard: while it is active, the shard is loaded on its node and follows the change log there.</summary>
[Alias("dpfah.shard")]
public interface IShardGrain : IGrainWithStringKey
{
    /// <summary>Answers queries.</summary>
    [Alias("search")]
    Task<ShardReply> SearchAsync(ShardRequest request, CancellationToken cancellationToken);

    /// <summary>Says how it is, and stays for another while.</summary>
    [Alias("report")]
    Task<ShardReport> ReportAsync();
}

/// <inheritdoc cref="IShardGrain"/>
/// <remarks>
/// It has no state of its own: codes and posting lists lie in the process's store, where a second replica, or the next activation, finds them. A node
/// that was cut off may have a second activation for a while; both read the same log, and neither writes.
/// </remarks>
[Reentrant, ShardPlacement]
internal sealed class ShardGrain : Grain, IShardGrain
{
    private readonly ShardHost host;
    private readonly IndexKey key;
    private IDisposable? held;

    /// <summary>Made by Orleans.</summary>
    public ShardGrain(IGrainContext context, ShardHost host)
    {
        this.host = host;
        Name = ShardName.Parse(context.GrainId.Key.ToString()!);
        key = Name.Key;
    }

    /// <summary>What it owns.</summary>
    public ShardName Name { get; }

    /// <summary>Goes to the node where it is to be, as soon as what it is doing is done; requests that come meanwhile follow it.</summary>
    public void Move() => MigrateOnIdle();

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // Not waited for: a load takes longer than an activation may.
        held = host.Hold(key, this);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        held?.Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ShardReply> SearchAsync(ShardRequest request, CancellationToken cancellationToken) => host.SearchAsync(key, request, cancellationToken);

    /// <inheritdoc/>
    public Task<ShardReport> ReportAsync() => Task.FromResult(host.Report(key));
}
