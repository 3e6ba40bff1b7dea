namespace Dpfah.Learning.Datasets;

/// <summary>One line of a list.</summary>
/// <param name="Name">Name of the picture.</param>
/// <param name="Labels">Its classes, ascending.</param>
/// <param name="Number">Number of the line, from 1.</param>
internal sealed record ListLine(string Name, int[] Labels, int Number);
