using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;

namespace Dpfah.Engine.Evaluations;

/// <summary>Draws what a model was measured to be. The host brings it along: the engine knows no drawing.</summary>
public interface IFigureMaker
{
    /// <summary>Draws the figures <c>pr</c>, <c>precision-at-n</c>, <c>tsne</c> and <c>top10</c>, each as .svg, .png and .json.</summary>
    /// <param name="model">What was measured.</param>
    IReadOnlyList<FigureFile> Draw(MeasuredModel model);
}

/// <summary>A file of a figure.</summary>
/// <param name="Name">Name with extension, such as <c>pr.svg</c>.</param>
/// <param name="ContentType">Its type.</param>
/// <param name="Bytes">The file.</param>
public sealed record FigureFile(string Name, string ContentType, byte[] Bytes);

/// <summary>What figures are drawn from.</summary>
/// <param name="Title">What legends call the model.</param>
/// <param name="Ranking">Metrics and curves.</param>
/// <param name="Codes">Codes of some queries.</param>
/// <param name="Queries">Ids and first labels of these queries.</param>
/// <param name="FirstResults">Some queries with what was found first.</param>
public sealed record MeasuredModel(
    string Title,
    RankingMetrics Ranking,
    IReadOnlyList<BinaryCode> Codes,
    IReadOnlyList<(string Id, string Label)> Queries,
    IReadOnlyList<ShownQuery> FirstResults);

/// <summary>A query with what was found first.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Preview">Its preview, a JPEG.</param>
/// <param name="Hits">The nearest pictures, nearest first.</param>
public sealed record ShownQuery(string Id, IReadOnlyList<string> Labels, byte[] Preview, IReadOnlyList<ShownHit> Hits);

/// <summary>A picture that was found.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Distance">Distance of its code to the query's, in bits.</param>
/// <param name="IsRelevant">Whether it shares a label with the query.</param>
/// <param name="Preview">Its preview, a JPEG.</param>
public sealed record ShownHit(string Id, int Distance, bool IsRelevant, byte[] Preview);
