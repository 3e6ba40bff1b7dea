namespace Dpfah.Engine.Data.Entities;

/// <summary>Two items that somebody looked at and found not to be duplicates, whatever their codes say.</summary>
internal sealed class NotDuplicate
{
    /// <summary>The smaller item number.</summary>
    public long FirstItem { get; set; }

    /// <summary>The larger item number.</summary>
    public long SecondItem { get; set; }

    public int CollectionId { get; set; }

    public string? CreatedBy { get; set; }

    public DateTime CreatedAt { get; set; }
}
