using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Models;
using Dpfah.Engine.Evaluations;

namespace Dpfah.Api.Evaluations;

/// <summary>The measurements and figures of a model that a caller sees: those on other collections are left out, as is what shows their pictures.</summary>
/// <param name="evaluations">All measurements.</param>
/// <param name="models">The models that the caller sees.</param>
/// <param name="scope">What the caller sees.</param>
internal sealed class VisibleEvaluations(EvaluationService evaluations, VisibleModels models, CollectionScope scope)
{
    private const int AtOnce = 500;

    /// <summary>Measurements of a model, the newest first.</summary>
    public async Task<List<EvaluationRecord>> ListAsync(int modelId, int before, int limit, CancellationToken cancellationToken)
    {
        if (scope.IsAll)
        {
            return await evaluations.ListAsync(modelId, before, limit, cancellationToken);
        }

        bool isOriginSeen = await models.IsOriginSeenAsync(modelId, cancellationToken);
        return [.. (await AllAsync(modelId, cancellationToken)).Where(e => e.Id < before && IsSeen(e, isOriginSeen)).Take(limit)];
    }

    /// <summary>Names of the files of a model's figures, in ordinal order.</summary>
    public async Task<List<string>> FigureNamesAsync(int modelId, CancellationToken cancellationToken)
    {
        List<string> names = await evaluations.FigureNamesAsync(modelId, cancellationToken);
        if (scope.IsAll)
        {
            return names;
        }

        // A figure is of the newest measurement that drew it, else of the training.
        bool isOriginSeen = await models.IsOriginSeenAsync(modelId, cancellationToken);
        List<EvaluationRecord> all = await AllAsync(modelId, cancellationToken);
        return names.FindAll(name => all.Find(e => HasDrawn(e, name)) is { } drawn ? IsSeen(drawn, isOriginSeen) : isOriginSeen);
    }

    /// <summary>Finds a figure by the name of its file.</summary>
    public async Task<FigureFile?> FindFigureAsync(int modelId, string name, CancellationToken cancellationToken) =>
        scope.IsAll || (await FigureNamesAsync(modelId, cancellationToken)).Contains(name)
            ? await evaluations.FindFigureAsync(modelId, name, cancellationToken)
            : null;

    private async Task<List<EvaluationRecord>> AllAsync(int modelId, CancellationToken cancellationToken)
    {
        var all = new List<EvaluationRecord>();
        List<EvaluationRecord> page;
        do
        {
            page = await evaluations.ListAsync(modelId, all.Count == 0 ? int.MaxValue : all[^1].Id, AtOnce, cancellationToken);
            all.AddRange(page);
        }
        while (page.Count == AtOnce);
        return all;
    }

    private bool IsSeen(EvaluationRecord evaluation, bool isOriginSeen)
    {
        JsonElement result = JsonElement.Parse(evaluation.Result);
        return TextOf(result, "collection") is { } collection ? scope.Allows(collection)

            // One that names neither is that of the training.
            : TextOf(result, "dataset") is not null || isOriginSeen;
    }

    private static bool HasDrawn(EvaluationRecord evaluation, string figure) =>
        JsonElement.Parse(evaluation.Result).TryGetProperty("figures", out JsonElement figures)
        && figures.ValueKind == JsonValueKind.Array
        && figures.EnumerateArray().Any(name => name.ValueEquals(figure));

    private static string? TextOf(JsonElement result, string member) =>
        result.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
