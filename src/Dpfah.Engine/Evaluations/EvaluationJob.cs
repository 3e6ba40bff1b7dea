using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Core.Health;
using Dpfah.Core.Imaging;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Evaluations;

/// <summary>Measures a model on the labelled pictures of a collection: each of some is searched among all others (leave-one-out).</summary>
internal sealed class EvaluationJob(
    Database database, IndexFollower follower, ImageReader images, ModelStore models, EvaluatedCodes codes, TimeProvider clock, IFigureMaker? figures = null) : IJobHandler
{
    public const string KindName = "evaluation";

    private const int CurvePoints = 200;

    public string Kind => KindName;

    public async Task<string?> RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        EvaluationRequest request = run.ReadRequest<EvaluationRequest>();
        int modelId = (await models.NamesAsync(cancellationToken)).Find(m => m.Key == request.Model).Value;
        ModelInfo model = modelId != 0
            ? await models.GetAsync(modelId, cancellationToken)
            : throw new JobFailedException($"The model '{request.Model}' was deleted.");
        CollectionIndex index = await IndexAsync(run, cancellationToken);
        ItemFilter? filter = await FilterAsync(request.Filter, index.CollectionId, cancellationToken);
        await run.ReportAsync(progress => progress.SetStage("choosing pictures"), cancellationToken);
        List<EvaluatedPicture> pictures = EvaluatedPictures.Choose(index.Snapshot, filter, request.Pictures, cancellationToken);
        (Dictionary<long, ItemCode> found, int hashed) = await codes.ReadAsync(run, index, model, pictures, cancellationToken);
        pictures = pictures.FindAll(picture => found.ContainsKey(picture.Number));
        if (EvaluatedPictures.Check(pictures) is { } tooFew)
        {
            throw new JobFailedException(tooFew);
        }

        await run.ReportAsync(progress => progress.SetStage("measuring"), cancellationToken);
        int[] queries = EvaluatedPictures.ChooseQueries(pictures, request.Queries);
        LabelledCodes items = Join(pictures, found, model.Description.Bits);
        RetrievalResult retrieval = await Task.Run(
            () => RetrievalEvaluation.RunLeaveOneOut(
                items, queries, new RetrievalOptions { Cuts = [], PrecisionAt = [10, 100], RankStep = Math.Max(1, (pictures.Count - 1) / CurvePoints) }, cancellationToken),
            cancellationToken);
        CodeHealth health = await Task.Run(() => CodeHealth.Of(items.Codes, cancellationToken), cancellationToken);
        IReadOnlyList<FigureFile> files = await DrawAsync(run, request.Model, pictures, queries, items, retrieval, cancellationToken);
        string result = JsonSerializer.Serialize(
            new EvaluationResult(
                request.Model,
                model.Description.DigestWith(model.Digest),
                request.Collection,
                Metrics(retrieval, health),
                new EvaluationCounts(pictures.Count, queries.Length, items.Labels.Classes, hashed),
                [.. files.Select(file => file.Name)]),
            JobJson.Options);
        await run.WriteAsync(
            async (context, progress, token) =>
            {
                progress.Count(pictures.Count, hashed, pictures.Count - hashed);
                await StoreAsync(context, model.Id, run.Id, request.Collection, result, files, token);
                return true;
            },
            cancellationToken);
        return result;
    }

    /// <summary>The collection's index, once it has seen all that was there when the job began.</summary>
    private async Task<CollectionIndex> IndexAsync(JobRun run, CancellationToken cancellationToken)
    {
        ulong position = await database.ReadAsync((context, token) => database.VisiblePositionAsync(context, token), cancellationToken);
        await follower.WaitAsync(position, cancellationToken);
        return follower.Find(run.CollectionName!) is { } index && index.CollectionId == run.CollectionId
            ? index
            : throw new JobFailedException($"The collection '{run.CollectionName}' was deleted.");
    }

    private async Task<ItemFilter?> FilterAsync(string? text, int collectionId, CancellationToken cancellationToken)
    {
        if (text is null)
        {
            return null;
        }

        return SearchFilter.TryParse(text, out SearchFilter? filter) is { } wrong
            ? throw new JobFailedException(wrong)
            : await filter!.ResolveAsync(images, [collectionId], cancellationToken);
    }

    private static LabelledCodes Join(List<EvaluatedPicture> pictures, Dictionary<long, ItemCode> found, int bits)
    {
        var classes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string label in pictures.SelectMany(picture => picture.Labels))
        {
            classes.TryAdd(label, classes.Count);
        }

        if (classes.Count > LabelMatrix.MaxClasses)
        {
            throw new JobFailedException($"There are {classes.Count:N0} labels; at most {LabelMatrix.MaxClasses:N0} can be measured with. Choose fewer by 'filter'.");
        }

        var matrix = new CodeMatrix(bits, pictures.Count);
        var signatures = new CodeMatrix(ImageCode.SignatureBits, pictures.Count);
        var labels = new LabelMatrix(classes.Count, pictures.Count);
        for (int i = 0; i < pictures.Count; i++)
        {
            matrix.Set(i, found[pictures[i].Number].Code);
            signatures.Set(i, found[pictures[i].Number].Signature);
            foreach (string label in pictures[i].Labels)
            {
                labels.Add(i, classes[label]);
            }
        }

        return new LabelledCodes(matrix, labels, signatures);
    }

    private static Dictionary<string, double> Metrics(RetrievalResult retrieval, CodeHealth health)
    {
        // Under the names of a training's metrics.
        var values = new Dictionary<string, double>
        {
            ["map"] = retrieval.Ranking.Map,
            ["tieAwareMap"] = retrieval.TieAware.Map,
            ["precisionAt10"] = retrieval.Ranking.PrecisionAt[0].Precision,
            ["precisionAt100"] = retrieval.Ranking.PrecisionAt[1].Precision,
            ["fineMap"] = retrieval.FineRanking!.Map,
            ["finePrecisionAt10"] = retrieval.FineRanking.PrecisionAt[0].Precision,
            ["precisionInBall"] = retrieval.Ball.Precision,
            ["balance"] = health.Balance.Average(share => Math.Min(share, 1 - share)),
            ["distinctShare"] = (double)health.DistinctCodes / health.Items,
        };
        return values.ToDictionary(value => value.Key, value => Math.Round(value.Value, 6));
    }

    private async Task<IReadOnlyList<FigureFile>> DrawAsync(
        JobRun run,
        string title,
        List<EvaluatedPicture> pictures,
        int[] queries,
        LabelledCodes items,
        RetrievalResult retrieval,
        CancellationToken cancellationToken)
    {
        if (figures is null)
        {
            return [];
        }

        await run.ReportAsync(progress => progress.SetStage("drawing figures"), cancellationToken);
        MeasuredModel measured = await Task.Run(() => FigureData.Of(title, pictures, queries, items, retrieval), cancellationToken);
        Dictionary<string, byte[]> previews = await PreviewsAsync(pictures, measured, cancellationToken);
        measured = FigureData.WithPreviews(measured, previews);

        // A drawing that has begun is not waited for when the job is to end.
        return await Task.Run(() => figures.Draw(measured), cancellationToken).WaitAsync(cancellationToken);
    }

    private async Task<Dictionary<string, byte[]>> PreviewsAsync(List<EvaluatedPicture> pictures, MeasuredModel measured, CancellationToken cancellationToken)
    {
        var shown = measured.FirstResults.SelectMany(query => query.Hits.Select(hit => hit.Id).Append(query.Id)).ToHashSet(StringComparer.Ordinal);
        Dictionary<long, string> ids = pictures.Where(picture => shown.Contains(picture.Id)).ToDictionary(picture => picture.Number, picture => picture.Id);
        List<StoredPreview> previews = await database.ReadAsync(
            (context, token) => context.Previews.Where(p => ids.Keys.Contains(p.ItemNumber)).ToListAsync(token), cancellationToken);
        return previews.ToDictionary(p => ids[p.ItemNumber], p => p.Jpeg, StringComparer.Ordinal);
    }

    private async Task StoreAsync(
        DpfahContext context, int modelId, long jobId, string collection, string result, IReadOnlyList<FigureFile> files, CancellationToken cancellationToken)
    {
        string[] names = [.. files.Select(file => file.Name)];
        await context.Figures.Where(f => f.ModelId == modelId && names.Contains(f.Name)).ExecuteDeleteAsync(cancellationToken);
        context.Figures.AddRange(files.Select(file => new StoredFigure { ModelId = modelId, Name = file.Name, ContentType = file.ContentType, Bytes = file.Bytes }));
        context.Evaluations.Add(new Evaluation
        {
            ModelId = modelId,
            JobId = jobId,
            Target = $"the labelled pictures of collection '{collection}', each against all others",
            Result = result,
            CreatedAt = clock.GetUtcNow().UtcDateTime,
        });
        await context.SaveChangesAsync(cancellationToken);
    }
}
