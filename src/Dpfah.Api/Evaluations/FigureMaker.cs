using Dpfah.Engine.Evaluations;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Imaging;

namespace Dpfah.Api.Evaluations;

/// <summary>Draws the figures of an evaluation as those of a training are drawn.</summary>
internal sealed class FigureMaker : IFigureMaker
{
    private readonly IImageDecoder decoder = ImageDecoders.Create(ImageDecoders.Skia);

    /// <inheritdoc/>
    public IReadOnlyList<FigureFile> Draw(MeasuredModel model)
    {
        string folder = Directory.CreateTempSubdirectory("dpfah-figures-").FullName;
        try
        {
            var figures = new ResultFigures(folder);
            figures.Curves([(model.Title, model.Ranking)]);
            figures.Embedding(model.Codes, model.Queries);
            figures.FirstResults(
            [
                .. model.FirstResults.Select(query => new FirstResult(
                    query.Id,
                    query.Labels,
                    Decode(query.Preview),
                    [.. query.Hits.Select(hit => new FirstHit(hit.Id, hit.Distance, hit.IsRelevant, Decode(hit.Preview)))])),
            ]);
            return [.. figures.Names.Select(name => new FigureFile(name, PlotName.ContentTypeOf(name), File.ReadAllBytes(Path.Combine(folder, name))))];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private RgbImage Decode(byte[] jpeg) =>
        decoder.Decode(jpeg, ImageHeader.Read(jpeg) ?? throw new InvalidDataException("A preview is no picture."), int.MaxValue);
}
