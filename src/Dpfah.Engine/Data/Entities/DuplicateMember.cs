namespace Dpfah.Engine.Data.Entities;

/// <summary>An item of a group of near duplicates that a job found.</summary>
internal sealed class DuplicateMember
{
    public long JobId { get; set; }

    /// <summary>From 1.</summary>
    public int GroupNumber { get; set; }

    public long ItemNumber { get; set; }

    /// <summary>Hamming distance to the group's first item, in bits.</summary>
    public int Distance { get; set; }
}
