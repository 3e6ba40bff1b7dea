using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Evaluation;

/// <summary>A model measured on the queries of a split, and what its figures are drawn from.</summary>
public sealed class ModelMetrics
{
    private ModelMetrics(string title, EvaluationReport report, IReadOnlyDictionary<string, double> values, LabelledCodes queries, LabelledCodes database)
    {
        Title = title;
        Report = report;
        Values = values;
        Queries = queries;
        Database = database;
    }

    /// <summary>What legends call the model.</summary>
    public string Title { get; }

    /// <summary>Queries against the database part, which the model was not trained on: all metrics with their curves.</summary>
    public EvaluationReport Report { get; }

    /// <summary>
    /// The figures that say most, by name; shares from 0 to 1 unless said otherwise. <c>map</c>, <c>tieAwareMap</c>, <c>precisionAt10</c>,
    /// <c>precisionAt100</c>: queries against the database part by Hamming distance; <c>fineMap</c>, <c>finePrecisionAt10</c>: equal distances in
    /// the order of the signatures, as searches have it; <c>mapWithTraining</c>, <c>precisionAt10WithTraining</c>: the pictures of training and
    /// validation are in the database too, as in the collection; <c>trainingMap</c>: training pictures as queries; <c>distanceWithin</c>,
    /// <c>distanceBetween</c>: mean distance to relevant and to other pictures, in bits; <c>balance</c>: the smaller share of a bit's values, ½ at
    /// best; <c>distinctShare</c>: distinct codes over pictures; <c>quantizationError</c>.
    /// </summary>
    public IReadOnlyDictionary<string, double> Values { get; }

    /// <summary>Codes of the queries.</summary>
    internal LabelledCodes Queries { get; }

    /// <summary>Codes of the database part.</summary>
    internal LabelledCodes Database { get; }

    /// <summary>Measures a model.</summary>
    /// <param name="title">What legends call it.</param>
    /// <param name="model">The model.</param>
    /// <param name="method">Name of its method.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="split">The pictures; queries and database are not empty.</param>
    /// <param name="progress">Told what is done, and how much of it.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public static ModelMetrics Of(
        string title,
        Training.TrainedModel model,
        string method,
        string digest,
        EvaluationSplit split,
        IProgress<(string Step, double Done)>? progress,
        CancellationToken cancellationToken)
    {
        (EvaluationReport report, EncodedPictures queries, EncodedPictures database) =
            ModelEvaluation.Run(model, method, digest, split, previews: false, progress, cancellationToken);
        RankingMetrics ranking = report.Retrieval.Ranking;
        var values = new Dictionary<string, double>
        {
            ["map"] = ranking.Map,
            ["tieAwareMap"] = report.Retrieval.TieAware.Map,
            ["precisionAt10"] = PrecisionAt(ranking, 10),
            ["precisionAt100"] = PrecisionAt(ranking, 100),
            ["fineMap"] = report.Retrieval.FineRanking!.Map,
            ["finePrecisionAt10"] = PrecisionAt(report.Retrieval.FineRanking, 10),
            ["trainingMap"] = report.TrainingMap,
            ["distanceWithin"] = report.Distances.Within,
            ["distanceBetween"] = report.Distances.Between,
            ["balance"] = report.Health.Balance,
            ["distinctShare"] = report.Health.DistinctShare,
            ["quantizationError"] = report.QuantizationError,
        };
        if (split.Training.Count > 0)
        {
            using TorchSharp.torch.Tensor features = model.Features(
                split.Training, share => progress?.Report(("Hashing all training pictures", share)), cancellationToken);
            LabelledCodes training = EncodedPictures.Of(features, split.Training, model.HashLayer, model.Signature).Codes;
            LabelledCodes all = Join(database.Codes, training, split.Database, split.Training);
            RankingMetrics withTraining = RetrievalEvaluation.Run(
                new LabelledCodes(queries.Codes.Codes, queries.Codes.Labels), all, new RetrievalOptions { Cuts = [], PrecisionAt = [10] }, cancellationToken).Ranking;
            values["mapWithTraining"] = withTraining.Map;
            values["precisionAt10WithTraining"] = PrecisionAt(withTraining, 10);
        }

        return new ModelMetrics(
            title, report, values.ToDictionary(v => v.Key, v => Math.Round(v.Value, 6)), queries.Codes, database.Codes);
    }

    private static double PrecisionAt(RankingMetrics ranking, int n) => ranking.PrecisionAt.First(point => point.N == n).Precision;

    private static LabelledCodes Join(LabelledCodes first, LabelledCodes second, PictureSet firstPictures, PictureSet secondPictures)
    {
        var codes = new CodeMatrix(first.Codes.Bits, first.Count + second.Count);
        var labels = new List<IReadOnlyList<int>>(codes.Count);
        foreach ((LabelledCodes part, PictureSet pictures) in new[] { (first, firstPictures), (second, secondPictures) })
        {
            for (int i = 0; i < part.Count; i++)
            {
                codes.Set(labels.Count, part.Codes[i]);
                labels.Add(pictures.LabelsOf(i));
            }
        }

        return new LabelledCodes(codes, LabelMatrix.From(firstPictures.ClassNames.Count, labels));
    }
}
