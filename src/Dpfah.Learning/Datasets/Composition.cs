namespace Dpfah.Learning.Datasets;

/// <summary>Which garments a picture of <see cref="FashionMnistMulti"/> shows.</summary>
/// <param name="Name">Name of the picture.</param>
/// <param name="Garments">Index in the pool, and quadrant: 0 upper left, 1 upper right, 2 lower left, 3 lower right.</param>
internal sealed record Composition(string Name, IReadOnlyList<(int Index, int Quadrant)> Garments);
