namespace Dpfah.Engine.Data.Entities;

/// <summary>A catalogue: pictures that are searched together.</summary>
internal sealed class Collection
{
    public int Id { get; set; }

    public required string Name { get; set; }

    public DateTime CreatedAt { get; set; }

    /// <summary>Parts into which its codes are cut in a cluster; 0 when every node holds all of them.</summary>
    public int Shards { get; set; }

    /// <summary>Copies of each part; 0 when there are none.</summary>
    public int Replicas { get; set; }

    /// <summary>Set when the collection was deleted; its rows are removed afterwards, in small transactions.</summary>
    public DateTime? DeletedAt { get; set; }
}
