namespace Dpfah.Engine.Data.Entities;

/// <summary>The canonical preview of an item; every code is computed from it.</summary>
internal sealed class StoredPreview
{
    public long ItemNumber { get; set; }

    public required byte[] Jpeg { get; set; }

    public int Width { get; set; }

    public int Height { get; set; }

    /// <summary>The decoder that made it.</summary>
    public required string Decoder { get; set; }
}
