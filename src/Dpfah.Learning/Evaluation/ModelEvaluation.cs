using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Evaluation;

/// <summary>Measures a model on the split of a data set.</summary>
public static class ModelEvaluation
{
    /// <summary>Hashes queries, database and some training pictures, and measures them.</summary>
    /// <param name="model">The model.</param>
    /// <param name="method">Name of its method, for the report.</param>
    /// <param name="digest">Digest of the model, for the report.</param>
    /// <param name="split">The pictures.</param>
    /// <param name="previews">Whether to measure by way of previews too.</param>
    /// <param name="progress">Told what is done, and how much of it.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public static (EvaluationReport Report, EncodedPictures Queries, EncodedPictures Database) Run(
        TrainedModel model,
        string method,
        string digest,
        EvaluationSplit split,
        bool previews,
        IProgress<(string Step, double Done)>? progress,
        CancellationToken cancellationToken)
    {
        EncodedPictures queries = Encode(split.Queries, "queries");
        PictureSet sample = split.TrainingSample();
        EncodedPictures training = Encode(sample, "training pictures");
        EncodedPictures database = Encode(split.Database, "database");
        var options = new RetrievalOptions { Cuts = split.Cuts, PrecisionAt = [10, 100, 1000], RankStep = Math.Max(1, database.Codes.Count / 200) };
        RetrievalResult retrieval = RetrievalEvaluation.Run(queries.Codes, database.Codes, options, cancellationToken);
        var report = new EvaluationReport
        {
            Method = method,
            Dataset = split.Queries.Dataset.Name,
            Split = split.Digest,
            Model = digest,
            Retrieval = retrieval with { PerQuery = [] },
            TrainingMap = MapWithoutThemselves(training.Codes, database.Codes, split.PlacesInDatabase(sample), cancellationToken),
            PreviewMap = previews ? PreviewMap(model, split, progress, cancellationToken) : null,
            Warnings = split.Warnings.Count == 0 ? null : split.Warnings,
            QuantizationError = queries.QuantizationError,
            Distances = Distances(queries.Codes, database.Codes),
            Health = Health(database.Codes.Codes),
        };
        return (report, queries, database);

        EncodedPictures Encode(PictureSet pictures, string what)
        {
            using Tensor features = model.Features(pictures, share => progress?.Report(($"Hashing {what}", share)), cancellationToken);
            return EncodedPictures.Of(features, pictures, model.HashLayer, model.Signature);
        }
    }

    /// <summary>mAP of a network in training, on pictures held out.</summary>
    /// <remarks>A <see cref="Validation"/>.</remarks>
    public static IReadOnlyDictionary<string, double> OnHeldOut(
        Trainer trainer, PictureSet database, PictureSet queries, CancellationToken cancellationToken)
    {
        using DisposeScope scope = NewDisposeScope();
        using FeatureExtractor extractor = TrainedModel.Open(trainer);
        var layer = new HashLayer(HashFitting.Floats(trainer.Network.HashLayer.weight), HashFitting.Floats(trainer.Network.HashLayer.bias!));
        RetrievalResult result = RetrievalEvaluation.Run(Encode(queries), Encode(database), new RetrievalOptions { Cuts = [], PrecisionAt = [100] }, cancellationToken);
        return new Dictionary<string, double>
        {
            ["map"] = Math.Round(result.Ranking.Map, 6),
            ["tieAwareMap"] = Math.Round(result.TieAware.Map, 6),
            ["precisionAt100"] = Math.Round(result.Ranking.PrecisionAt[0].Precision, 6),
        };

        LabelledCodes Encode(PictureSet pictures)
        {
            using Tensor features = extractor.Extract(pictures, null, cancellationToken);
            float[] values = HashFitting.Floats(features);
            var codes = new CodeMatrix(layer.Bits, pictures.Count);
            Parallel.For(0, pictures.Count, i => codes.Set(i, BinaryCode.FromSigns(layer.RealCode(values.AsSpan(i * layer.Features, layer.Features)))));
            return new LabelledCodes(codes, LabelMatrix.From(pictures.ClassNames.Count, [.. Enumerable.Range(0, pictures.Count).Select(pictures.LabelsOf)]));
        }
    }

    /// <summary>mAP of queries of which some are in the database: each is searched in all but itself.</summary>
    /// <param name="queries">The queries.</param>
    /// <param name="database">The database.</param>
    /// <param name="places">Where each query stands in the database; -1 where it does not.</param>
    /// <param name="cancellationToken">Looked at before each query.</param>
    internal static double MapWithoutThemselves(LabelledCodes queries, LabelledCodes database, int[] places, CancellationToken cancellationToken)
    {
        BinaryCode[] codes = [.. Enumerable.Range(0, database.Count).Select(i => database.Codes[i])];
        double sum = 0;
        for (int query = 0; query < queries.Count; query++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (int rank, int hits) = (0, 0);
            double precision = 0;
            foreach (int item in HammingRanking.Order(queries.Codes[query], codes))
            {
                if (item != places[query])
                {
                    rank++;
                    if (queries.Labels.Share(query, database.Labels, item))
                    {
                        hits++;
                        precision += (double)hits / rank;
                    }
                }
            }

            sum += hits == 0 ? 0 : precision / hits;
        }

        return sum / queries.Count;
    }

    private static double PreviewMap(
        TrainedModel model, EvaluationSplit split, IProgress<(string Step, double Done)>? progress, CancellationToken cancellationToken)
    {
        var maker = new PreviewMaker(ImageDecoders.Create(ImageDecoders.Skia));
        RetrievalResult result = RetrievalEvaluation.Run(
            Encode(split.Queries, "previews of queries"), Encode(split.Database, "previews of the database"), new RetrievalOptions { Cuts = [] }, cancellationToken);
        return result.Ranking.Map;

        LabelledCodes Encode(PictureSet pictures, string what)
        {
            var jpegs = new byte[pictures.Count][];
            Parallel.For(0, jpegs.Length, i => jpegs[i] = maker.Make(pictures.Read(i)).Jpeg);
            using Tensor features = model.Features(jpegs, share => progress?.Report(($"Hashing {what}", share)), cancellationToken);
            LabelledCodes codes = EncodedPictures.Of(features, pictures, model.HashLayer, model.Signature).Codes;
            return new LabelledCodes(codes.Codes, codes.Labels);
        }
    }

    private static ClassDistances Distances(LabelledCodes queries, LabelledCodes database)
    {
        long within = 0, between = 0, relevant = 0;
        for (int i = 0; i < queries.Count; i++)
        {
            for (int j = 0; j < database.Count; j++)
            {
                int distance = Hamming.Distance(queries.Codes.Row(i), database.Codes.Row(j));
                if (queries.Labels.Share(i, database.Labels, j))
                {
                    within += distance;
                    relevant++;
                }
                else
                {
                    between += distance;
                }
            }
        }

        long others = ((long)queries.Count * database.Count) - relevant;
        return new ClassDistances((double)within / Math.Max(relevant, 1), (double)between / Math.Max(others, 1));
    }

    private static CodeHealth Health(CodeMatrix codes)
    {
        var ones = new int[codes.Bits];
        var distinct = new HashSet<BinaryCode>();
        for (int i = 0; i < codes.Count; i++)
        {
            BinaryCode code = codes[i];
            distinct.Add(code);
            for (int bit = 0; bit < ones.Length; bit++)
            {
                ones[bit] += code[bit] ? 1 : 0;
            }
        }

        return new CodeHealth(ones.Average(n => Math.Min(n, codes.Count - n) / (double)codes.Count), distinct.Count / (double)codes.Count);
    }
}
