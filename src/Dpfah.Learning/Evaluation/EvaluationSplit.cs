using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Evaluation;

/// <summary>The pictures of an evaluation. Only what evaluates makes one: it holds the query split.</summary>
/// <param name="Queries">The query split.</param>
/// <param name="Database">What is searched.</param>
/// <param name="Training">What was trained on.</param>
/// <param name="Cuts">k of mAP@k.</param>
/// <param name="Digest">Digest of the split.</param>
public sealed record EvaluationSplit(PictureSet Queries, PictureSet Database, PictureSet Training, IReadOnlyList<int> Cuts, string Digest)
{
    /// <summary>As many training pictures of each class as there are queries in the mean, the first of each class.</summary>
    public PictureSet TrainingSample()
    {
        int perClass = Math.Max(1, Queries.Count / Queries.ClassNames.Count);
        var taken = new int[Training.ClassNames.Count];
        return Training.Subset(Enumerable.Range(0, Training.Count).Where(i => taken[Training.LabelsOf(i)[0]]++ < perClass));
    }
}
