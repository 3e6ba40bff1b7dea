namespace Dpfah.Engine.Models;

/// <summary>What a model was made of, as far as it decides who sees it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Its number.</param>
/// <param name="Collection">The collection that it was trained on; null for a data set, or for a model that was brought along.</param>
/// <param name="Dataset">The data set that it was trained on.</param>
public sealed record ModelOrigin(string Name, int Id, string? Collection, string? Dataset);
