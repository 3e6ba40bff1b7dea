using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Evaluation;

/// <summary>The pictures of an evaluation. Only what evaluates makes one: it holds the query split.</summary>
/// <param name="Queries">The query split.</param>
/// <param name="Database">What is searched.</param>
/// <param name="Training">What was trained on.</param>
/// <param name="Cuts">k of mAP@k.</param>
/// <param name="Digest">Digest of the split.</param>
/// <param name="Warnings">What the loader of the data set told, such as pictures left out.</param>
public sealed record EvaluationSplit(
    PictureSet Queries, PictureSet Database, PictureSet Training, IReadOnlyList<int> Cuts, string Digest, IReadOnlyList<string> Warnings)
{
    /// <summary>As many training pictures of each class as there are queries in the mean, the first of each class.</summary>
    public PictureSet TrainingSample()
    {
        int perClass = Math.Max(1, Queries.Count / Queries.ClassNames.Count);
        var taken = new int[Training.ClassNames.Count];
        return Training.Subset(Enumerable.Range(0, Training.Count).Where(i => taken[Training.LabelsOf(i)[0]]++ < perClass));
    }

    /// <summary>Where pictures stand in the database; -1 for those that are not there. Names tell: each is of one picture of the data set.</summary>
    /// <param name="pictures">Some training pictures.</param>
    public int[] PlacesInDatabase(PictureSet pictures)
    {
        var places = new Dictionary<string, int>(Database.Count, StringComparer.Ordinal);
        for (int i = 0; i < Database.Count; i++)
        {
            places.Add(Database.NameOf(i), i);
        }

        return [.. Enumerable.Range(0, pictures.Count).Select(i => places.GetValueOrDefault(pictures.NameOf(i), -1))];
    }
}
