using System.Net;

namespace Dpfah.Cluster;

/// <summary>What makes a service a node of a cluster.</summary>
public sealed class ClusterOptions
{
    /// <summary>
    /// Where the other nodes reach this one: an address of this machine, or <see cref="IPAddress.Any"/> for the one by which it reaches the database, and a
    /// port that nothing else uses.
    /// </summary>
    public required IPEndPoint Address { get; init; }

    /// <summary>Connection string of the PostgreSQL database that all nodes share.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>How long a search waits for a shard before it does without. Default: 2 s.</summary>
    public TimeSpan ShardTimeout { get; init; } = TimeSpan.FromSeconds(2);
}
