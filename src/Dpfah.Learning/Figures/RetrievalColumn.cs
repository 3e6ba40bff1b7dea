using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Figures;

/// <summary>One query of a <see cref="TopResultsFigure"/>.</summary>
/// <param name="Label">What the query shows.</param>
/// <param name="Query">The query.</param>
/// <param name="Results">Its results, nearest first.</param>
public sealed record RetrievalColumn(string Label, RgbImage Query, IReadOnlyList<RetrievalResult> Results);
