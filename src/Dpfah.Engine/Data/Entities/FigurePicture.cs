namespace Dpfah.Engine.Data.Entities;

/// <summary>That a figure of a model shows or names a picture: the figure goes with it.</summary>
internal sealed class FigurePicture
{
    public int ModelId { get; set; }

    /// <summary>Name of the figure without its extension, such as <c>top10</c>.</summary>
    public required string Kind { get; set; }

    public long ItemNumber { get; set; }
}
