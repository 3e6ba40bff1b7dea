using Dpfah.Engine.Search.Shards;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Dpfah.Cluster;

/// <summary>Puts the owner of a replica where <see cref="ShardTable"/> says.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("dpfah.shard-placement")]
public sealed class ShardPlacement : PlacementStrategy
{
}

/// <summary>Marks grains that are placed by <see cref="ShardPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ShardPlacementAttribute() : PlacementAttribute(new ShardPlacement());

/// <inheritdoc cref="ShardPlacement"/>
internal sealed class ShardPlacementDirector(LeavingNodes leaving, IClusterMembershipService membership) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var name = ShardName.Parse(target.GrainIdentity.Key.ToString()!);

        // The list by which nodes load what is to be theirs: the one of nodes whose kinds of grains are known is behind it for a while when a node
        // joins. All nodes have the same kinds.
        SiloAddress[] nodes = ActiveNodes(membership.CurrentSnapshot);
        SiloAddress[] silos = leaving.Without(nodes.Length > 0 ? nodes : context.GetCompatibleSilos(target));
        var generation = new ShardedGeneration(name.Key.Generation, new ShardLayout(name.Key.Shards, name.Replicas));
        var table = new ShardTable(generation, [.. silos.Select(NameOf)]);
        return Task.FromResult(silos[table.Owner(name.Key.Shard, name.Replica)]);
    }

    /// <summary>The nodes that are members, in no order.</summary>
    public static SiloAddress[] ActiveNodes(ClusterMembershipSnapshot members) =>
        [.. members.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress)];

    /// <summary>What a node is called in the table: the same after a restart.</summary>
    public static string NameOf(SiloAddress silo) => silo.Endpoint.ToString();
}
