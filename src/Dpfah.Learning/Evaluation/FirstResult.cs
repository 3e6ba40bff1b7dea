using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Evaluation;

/// <summary>A query with what was found first, for the figure <c>top10</c>.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Picture">The picture.</param>
/// <param name="Hits">The nearest pictures, nearest first.</param>
public sealed record FirstResult(string Id, IReadOnlyList<string> Labels, RgbImage Picture, IReadOnlyList<FirstHit> Hits);

/// <summary>A picture that was found.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Distance">Distance of its code to the query's, in bits.</param>
/// <param name="IsRelevant">Whether it shares a label with the query.</param>
/// <param name="Picture">The picture.</param>
public sealed record FirstHit(string Id, int Distance, bool IsRelevant, RgbImage Picture);
