using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Jobs;

namespace Dpfah.Engine.Evaluations;

/// <summary>Queries and database with their codes, without pictures that are gone.</summary>
/// <param name="Queries">Pictures that are searched for.</param>
/// <param name="QueryCodes">Their codes.</param>
/// <param name="Database">Pictures that are searched in.</param>
/// <param name="DatabaseCodes">Their codes.</param>
/// <param name="Places">Where each query stands in the database, where it is left out; null when the two have nothing in common.</param>
internal sealed record EvaluationSides(
    IReadOnlyList<EvaluatedPicture> Queries,
    LabelledCodes QueryCodes,
    IReadOnlyList<EvaluatedPicture> Database,
    LabelledCodes DatabaseCodes,
    int[]? Places)
{
    /// <summary>Joins pictures and codes.</summary>
    /// <exception cref="JobFailedException">There is nothing left to measure, or there are too many labels.</exception>
    public static EvaluationSides Of(IEvaluationTarget target, Dictionary<long, ItemCode> codes, int bits)
    {
        EvaluatedPicture[] queries = [.. target.Queries.Where(picture => codes.ContainsKey(picture.Number))];
        EvaluatedPicture[] database = [.. target.Database.Where(picture => codes.ContainsKey(picture.Number))];
        if ((target.LeavesOneOut ? EvaluatedPictures.Check(database) : null) is { } tooFew)
        {
            throw new JobFailedException(tooFew);
        }

        if (queries.Length == 0 || database.Length == 0)
        {
            throw new JobFailedException($"There are {queries.Length} queries and {database.Length} pictures to search in: a model is measured on both.");
        }

        var classes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string label in queries.Concat(database).SelectMany(picture => picture.Labels))
        {
            classes.TryAdd(label, classes.Count);
        }

        if (classes.Count is 0 or > LabelMatrix.MaxClasses)
        {
            throw new JobFailedException($"There are {classes.Count:N0} labels; a model is measured with 1 to {LabelMatrix.MaxClasses:N0}.");
        }

        Dictionary<long, int>? places = target.LeavesOneOut ? database.Index().ToDictionary(item => item.Item.Number, item => item.Index) : null;
        return new EvaluationSides(
            queries, Join(queries), database, Join(database), places is null ? null : [.. queries.Select(query => places[query.Number])]);

        LabelledCodes Join(EvaluatedPicture[] pictures)
        {
            var matrix = new CodeMatrix(bits, pictures.Length);
            var signatures = new CodeMatrix(ImageCode.SignatureBits, pictures.Length);
            var labels = new LabelMatrix(classes.Count, pictures.Length);
            for (int i = 0; i < pictures.Length; i++)
            {
                matrix.Set(i, codes[pictures[i].Number].Code);
                signatures.Set(i, codes[pictures[i].Number].Signature);
                foreach (string label in pictures[i].Labels)
                {
                    labels.Add(i, classes[label]);
                }
            }

            return new LabelledCodes(matrix, labels, signatures);
        }
    }
}
