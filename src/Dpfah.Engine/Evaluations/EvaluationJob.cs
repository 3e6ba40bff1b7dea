using System.Text.Json;
using Dpfah.Core.Evaluation;
using Dpfah.Core.Health;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Evaluations;

/// <summary>Measures a model: on the labelled pictures of a collection, each against all others, or on the queries of a data set.</summary>
internal sealed class EvaluationJob(
    Database database, ModelStore models, EvaluationTargets targets, TimeProvider clock, IFigureMaker? figures = null) : IJobHandler
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
        await run.ReportAsync(progress => progress.SetStage("choosing pictures"), cancellationToken);
        IEvaluationTarget target = await targets.OpenAsync(run, request, modelId, cancellationToken);
        (Dictionary<long, ItemCode> codes, int hashed) = await target.ReadCodesAsync(run, model, cancellationToken);
        EvaluationSides sides = EvaluationSides.Of(target, codes, model.Description.Bits);
        await run.ReportAsync(progress => progress.SetStage("measuring"), cancellationToken);
        (RetrievalResult retrieval, CodeHealth health) = await Task.Run(() => Measure(sides, cancellationToken), cancellationToken);
        (IReadOnlyList<FigureFile> files, Dictionary<string, ShownPicture> seen) = await DrawAsync(run, request.Model, target, sides, retrieval, cancellationToken);
        string result = JsonSerializer.Serialize(
            new EvaluationResult(
                request.Model,
                model.Description.DigestWith(model.Digest),
                request.Collection,
                request.Dataset,
                Metrics(retrieval, health),
                new EvaluationCounts(sides.Database.Count, sides.Queries.Count, sides.DatabaseCodes.Labels.Classes, hashed),
                [.. files.Select(file => file.Name)],
                target.Warnings),
            JobJson.Options);
        await run.WriteAsync(
            async (context, progress, token) =>
            {
                progress.Count(codes.Count, hashed, codes.Count - hashed);
                await StoreAsync(context, model.Id, run, target.Words, result, files, seen, token);
                return true;
            },
            cancellationToken);
        return result;
    }

    private static (RetrievalResult Retrieval, CodeHealth Health) Measure(EvaluationSides sides, CancellationToken cancellationToken)
    {
        var options = new RetrievalOptions { Cuts = [], PrecisionAt = [10, 100], RankStep = Math.Max(1, (sides.Database.Count - 1) / CurvePoints) };
        RetrievalResult retrieval = sides.Places is { } places
            ? RetrievalEvaluation.RunLeaveOneOut(sides.DatabaseCodes, places, options, cancellationToken)
            : RetrievalEvaluation.Run(sides.QueryCodes, sides.DatabaseCodes, options, cancellationToken);
        return (retrieval, CodeHealth.Of(sides.DatabaseCodes.Codes, cancellationToken));
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

    private async Task<(IReadOnlyList<FigureFile> Files, Dictionary<string, ShownPicture> Seen)> DrawAsync(
        JobRun run, string title, IEvaluationTarget target, EvaluationSides sides, RetrievalResult retrieval, CancellationToken cancellationToken)
    {
        if (figures is null)
        {
            return ([], []);
        }

        await run.ReportAsync(progress => progress.SetStage("drawing figures"), cancellationToken);
        MeasuredModel measured = await Task.Run(() => FigureData.Of(title, sides, retrieval), cancellationToken);
        var shown = measured.FirstResults.SelectMany(query => query.Hits.Select(hit => hit.Id).Append(query.Id)).ToHashSet(StringComparer.Ordinal);
        Dictionary<long, string> ids = sides.Queries.Concat(sides.Database).Where(picture => shown.Contains(picture.Id))
            .DistinctBy(picture => picture.Number).ToDictionary(picture => picture.Number, picture => picture.Id);

        // What is deleted or replaced from now on is not kept in any figure.
        long[] drawn = [.. sides.Queries.Take(FigureData.EmbeddedQueries).Select(picture => picture.Number).Concat(ids.Keys).Distinct()];
        Dictionary<string, ShownPicture> seen = run.CollectionId is { } collectionId
            ? await database.ReadAsync((context, token) => FigurePictures.LookAsync(context, collectionId, drawn, token), cancellationToken)
            : [];
        Dictionary<long, byte[]> previews = await target.ReadPreviewsAsync(ids.Keys, cancellationToken);
        measured = FigureData.WithPreviews(measured, previews.ToDictionary(p => ids[p.Key], p => p.Value, StringComparer.Ordinal));

        // A drawing that has begun is not waited for when the job is to end.
        return (await Task.Run(() => figures.Draw(measured), cancellationToken).WaitAsync(cancellationToken), seen);
    }

    private async Task StoreAsync(
        DpfahContext context,
        int modelId,
        JobRun run,
        string target,
        string result,
        IReadOnlyList<FigureFile> files,
        Dictionary<string, ShownPicture> seen,
        CancellationToken cancellationToken)
    {
        Dictionary<string, long>? unchanged = run.CollectionId is { } collectionId
            ? await FigurePictures.LockAsync(database, context, collectionId, seen, cancellationToken)
            : null;
        string[] names = [.. files.Select(file => file.Name)];
        await context.Figures.Where(f => f.ModelId == modelId && names.Contains(f.Name)).ExecuteDeleteAsync(cancellationToken);
        context.Figures.AddRange(files.Select(file => new StoredFigure { ModelId = modelId, Name = file.Name, ContentType = file.ContentType, Bytes = file.Bytes }));
        context.Evaluations.Add(new Evaluation
        {
            ModelId = modelId,
            JobId = run.Id,
            Target = target,
            Result = result,
            CreatedAt = clock.GetUtcNow().UtcDateTime,
        });
        await context.SaveChangesAsync(cancellationToken);
        await FigurePictures.NoteAsync(context, modelId, unchanged, files.Select(file => (file.Name, file.Bytes)), cancellationToken);
    }
}
