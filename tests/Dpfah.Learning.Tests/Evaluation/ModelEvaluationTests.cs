using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Evaluation;
using Dpfah.Learning.Tests.Datasets;

namespace Dpfah.Learning.Tests.Evaluation;

public sealed class ModelEvaluationTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_picture_of_the_database_is_searched_in_all_others()
    {
        for (ulong seed = 1; seed <= 50; seed++)
        {
            // Codes of few different bits, for ties.
            var random = new SeededRandom(seed);
            Compare([.. Enumerable.Range(0, 3 + random.NextInt(28)).Select(_ => ((byte)random.NextInt(8), random.NextInt(4)))]);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Training_pictures_are_found_in_a_database_that_holds_them(bool includesTrain)
    {
        Dataset dataset = SolidPictures.SingleLabel(30);
        var rule = new SplitRule { QueriesPerClass = 2, TrainPerClass = 3, DatabaseIncludesTrain = includesTrain };
        SplitManifest manifest = SplitManifest.Write(folder.Path, dataset, Split.Make(dataset, rule));
        var split = new EvaluationSplit(manifest.OpenQueries("test"), manifest.OpenDatabase(), manifest.OpenTraining().Pictures, [], manifest.Digest, []);
        PictureSet sample = split.TrainingSample();

        int[] places = split.PlacesInDatabase(sample);

        Assert.Equal(2 * dataset.ClassNames.Count, places.Length);
        Assert.All(places.Index(), place => Assert.Equal(includesTrain ? sample.NameOf(place.Index) : null, place.Item < 0 ? null : split.Database.NameOf(place.Item)));
    }

    private static void Compare((byte Code, int Label)[] items)
    {
        // The first two are in the database, at its end; the third is not.
        (byte, int)[] queries = items[..3];
        (byte, int)[] database = [.. items[3..], items[0], items[1]];
        int[] places = [database.Length - 2, database.Length - 1, -1];
        var options = new RetrievalOptions { Cuts = [] };
        double expected = Enumerable.Range(0, 3).Average(i => RetrievalEvaluation.Run(
            Side([queries[i]]), Side([.. database.Where((_, position) => position != places[i])]), options).Ranking.Map);

        double map = ModelEvaluation.MapWithoutThemselves(Side(queries), Side(database), places, CancellationToken.None);

        Assert.Equal(expected, map, 1e-12);
    }

    private static LabelledCodes Side((byte Code, int Label)[] items) => new(
        CodeMatrix.From([.. items.Select(item => BinaryCode.FromBytes([item.Code]))]), LabelMatrix.From(4, [.. items.Select(item => new[] { item.Label })]));
}
