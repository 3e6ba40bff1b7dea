using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Http;
using Dpfah.Core.Codes;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Health;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Dpfah.Api.Search;

/// <summary>What is known of a search before its picture was hashed.</summary>
/// <param name="Collections">The collections to search, at least one; of one model when there are several.</param>
/// <param name="Filter">Conditions that a picture must meet; null for none.</param>
/// <param name="Radius">Largest distance in bits; null for none.</param>
internal sealed record SearchPlan(IReadOnlyList<CollectionIndex> Collections, SearchFilter? Filter, int? Radius)
{
    /// <summary>The model's generation of the first collection: all have its model.</summary>
    public GenerationInfo Generation => Collections[0].Generation;
}

/// <summary>What all searches share: the checks of their parameters, and the answer.</summary>
internal sealed class RankingResponder(SearchService search, ImageReader images, HealthService health, CollectionScope scope)
{
    private const string Metadata = "metadata";
    private const int MaxCollapseLength = 256;

    // Each but the first stands for a switch that happened while a picture was hashed.
    private const int MaxAttempts = 20;

    /// <summary>
    /// Answers a search under the generation that the collections have; again from the start when they are switched to another one
    /// while the picture is hashed: its code would be compared with another model's.
    /// </summary>
    /// <param name="names">The collections.</param>
    /// <param name="query">The parameters.</param>
    /// <param name="attempt">Answers; null when a collection was switched meanwhile.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Results<Ok<T>, ProblemHttpResult>> AnswerAsync<T>(
        IReadOnlyList<string> names,
        RankingQuery query,
        Func<SearchPlan, Task<Results<Ok<T>, ProblemHttpResult>?>> attempt,
        CancellationToken cancellationToken)
    {
        for (int i = 0; i < MaxAttempts; i++)
        {
            (SearchPlan? plan, ProblemHttpResult? wrong) = await PrepareAsync(names, query, cancellationToken);
            if (wrong is not null)
            {
                return wrong;
            }

            if (await attempt(plan!) is { } answer)
            {
                return answer;
            }
        }

        return Problems.OtherGeneration(names[0]);
    }

    /// <summary>Checks what can be checked before a picture is hashed, finds the collections and waits for the position asked for.</summary>
    public async Task<(SearchPlan? Plan, ProblemHttpResult? Problem)> PrepareAsync(
        IReadOnlyList<string> names, RankingQuery query, CancellationToken cancellationToken)
    {
        SearchFilter? filter = null;
        if ((Check(query) ?? CheckNames(names)) is { } wrong)
        {
            return (null, wrong);
        }

        if (query.Filter is not null && SearchFilter.TryParse(query.Filter, out filter) is { } wrongFilter)
        {
            return (null, Problems.BadParameter("filter", wrongFilter));
        }

        // A service that is starting says so before it says that it knows no collection.
        _ = search.Find(names[0]);
        if (query.MinPosition is not null)
        {
            if (!Position.TryParse(query.MinPosition, out Position position))
            {
                return (null, Problems.BadParameter("minPosition", $"'minPosition' is a position as a write returned it, such as '1:4711'; it was '{query.MinPosition}'."));
            }

            if (position.Epoch != search.Epoch)
            {
                return (null, Problems.OtherEpoch($"Position {position} was given in epoch {position.Epoch} of the database, which is now in epoch {search.Epoch}. Leave 'minPosition' out."));
            }

            await search.WaitAsync(position, cancellationToken);
        }

        var collections = new List<CollectionIndex>(names.Count);
        foreach (string name in names)
        {
            if (search.Find(name) is not { } collection || !scope.Allows(name))
            {
                return (null, Problems.NoCollection(name));
            }

            collections.Add(collection);
        }

        GenerationInfo first = collections[0].Generation;
        if (collections.Find(c => c.Generation.ModelId != first.ModelId) is { } other)
        {
            return (null, Problems.BadParameter(
                "collection",
                $"Codes of two models cannot be compared: '{names[0]}' has the model '{first.ModelName}', '{other.Name}' has '{other.Generation.ModelName}'. Search them one by one."));
        }

        if (query.Radius > first.Bits)
        {
            return (null, Problems.BadParameter("radius", $"'radius' is at most {first.Bits}, the length of the collection's codes; it was {query.Radius}."));
        }

        (int? radius, wrong) = await RadiusAsync(collections, query, cancellationToken);
        return wrong is null ? (new SearchPlan(collections, filter, radius), null) : (null, wrong);
    }

    /// <summary>The radius asked for, or that of the confidence asked for: of several collections the smallest, so that it holds in each.</summary>
    private async Task<(int? Radius, ProblemHttpResult? Problem)> RadiusAsync(
        List<CollectionIndex> collections, RankingQuery query, CancellationToken cancellationToken)
    {
        int? radius = query.Radius;
        foreach (CollectionIndex collection in query.Confidence is null ? [] : collections)
        {
            if (await health.ReadSameLabelAsync(collection, cancellationToken) is not { } fit)
            {
                return (null, Problems.NoSameLabelFit(collection.Name));
            }

            if (fit.RadiusFor(query.Confidence!.Value) is not { } found)
            {
                return (null, Problems.ConfidenceNotReached(collection.Name, fit.Probability[0]));
            }

            radius = Math.Min(found, radius ?? found);
        }

        return (radius, null);
    }

    /// <summary>Checks the labels of a filter: each must be one that a picture can have.</summary>
    /// <returns>The problem; null when there is none.</returns>
    public static ProblemHttpResult? CheckLabels(string[]? labels)
    {
        string? wrong = CatalogueRules.CheckLabels(labels ?? [])
            ?? (labels?.Sum(Encoding.UTF8.GetByteCount) > SearchLimits.MaxLabelBytes
                ? $"The values of 'label' have at most {SearchLimits.MaxLabelBytes} bytes together."
                : null);
        return wrong is null ? null : Problems.BadParameter("label", wrong);
    }

    /// <summary>Searches and answers.</summary>
    /// <returns>Null when a collection's codes were exchanged in the meantime.</returns>
    public async Task<Results<Ok<SearchResponse>, ProblemHttpResult>?> RespondAsync(
        IReadOnlyList<CollectionIndex> collections, Ranking ranking, RankingQuery query, EncodedPicture? encoded, CancellationToken cancellationToken)
    {
        if (await RespondAsync(collections, [ranking], query, [encoded], cancellationToken) is not { } responses)
        {
            return null;
        }

        return TypedResults.Ok(responses[0]);
    }

    /// <summary>Searches by several queries together.</summary>
    /// <param name="collections">The collections.</param>
    /// <param name="rankings">The queries, with the labels and the filter of <paramref name="query"/>.</param>
    /// <param name="query">The parameters.</param>
    /// <param name="encoded">The picture of each query; null for a query by code.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The answer to each query; null when a collection's codes were exchanged in the meantime.</returns>
    public async Task<IReadOnlyList<SearchResponse>?> RespondAsync(
        IReadOnlyList<CollectionIndex> collections,
        IReadOnlyList<Ranking> rankings,
        RankingQuery query,
        IReadOnlyList<EncodedPicture?> encoded,
        CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        if (await search.SearchAsync(
            collections, rankings, Position.TryParse(query.MinPosition, out Position seen) ? seen : null, cancellationToken) is not { } pages)
        {
            return null;
        }

        TimeSpan searchTime = Stopwatch.GetElapsedTime(start);
        Dictionary<long, string>? metadata = query.Include == Metadata
            ? await images.MetadataAsync(pages.SelectMany(page => page.Items).Select(i => i.Neighbor.Id).Distinct().ToList(), cancellationToken)
            : null;
        return [.. pages.Select((page, i) => ToResponse(page, encoded[i], searchTime, metadata))];
    }

    /// <summary>The ranking that a query asks for.</summary>
    public static Ranking ToRanking(SearchPlan plan, RankingQuery query, BinaryCode code, BinaryCode? signature) =>
        new(code, signature, query.K ?? SearchLimits.DefaultK, plan.Radius, query.Label ?? []) { Filter = plan.Filter, Collapse = query.Collapse };

    public static GenerationSummary Summary(GenerationInfo generation) => new(generation.Id, generation.ModelName, generation.Bits);

    public static string PreviewPath(string collection, string id) => $"/collections/{collection}/images/{RawPath.Escape(id)}/preview";

    private static ProblemHttpResult? Check(RankingQuery query)
    {
        if (query.Include is not (null or Metadata))
        {
            return Problems.BadParameter("include", $"'include' is '{Metadata}', or left out; it was '{query.Include}'.");
        }

        if (query is { Radius: not null, Confidence: not null })
        {
            return Problems.BadParameter("confidence", "'confidence' gives a radius: send it or 'radius', not both.");
        }

        return query.Collapse?.Length > MaxCollapseLength
            ? Problems.BadParameter("collapse", $"'collapse' is a key of the metadata, of at most {MaxCollapseLength} characters.")
            : CheckLabels(query.Label);
    }

    private static ProblemHttpResult? CheckNames(IReadOnlyList<string> names)
    {
        if (names.Count > SearchLimits.MaxCollections)
        {
            return Problems.BadParameter("collection", $"At most {SearchLimits.MaxCollections} collections are searched together; there were {names.Count}.");
        }

        return names.Count > 1 && names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? Problems.BadParameter("collection", $"'collection' names '{twice.Key}' twice: name each collection once.")
            : null;
    }

    private static SearchResponse ToResponse(RankedPage page, EncodedPicture? encoded, TimeSpan searchTime, Dictionary<long, string>? metadata)
    {
        bool isOne = page.Collections.Count == 1;
        CollectionIndex first = page.Collections[0];
        return new SearchResponse(
            isOne ? first.Name : null,
            isOne ? Summary(first.Generation) : null,
            isOne ? null : [.. page.Collections.Select(c => new CollectionSummary(c.Name, Summary(c.Generation)))],
            new QueryCodes(page.Query.Code.ToString(), page.Query.Signature?.ToString()),
            page.Position.ToString(),
            new RankingSummary(page.Query.K, page.Query.Radius, page.CutDistance, page.BelowCut, page.TiedAtCut),
            [.. page.Items.Select(item => ToHit(item, isOne, metadata))],
            page.Next?.ToString(),
            new SearchTimings(Milliseconds(encoded?.DecodeTime), Milliseconds(encoded?.ModelTime), searchTime.TotalMilliseconds),
            page.Missing.Count == 0 ? null : true,
            page.Missing.Count == 0 ? null : page.Missing);
    }

    private static Hit ToHit(RankedItem item, bool isOne, Dictionary<long, string>? metadata) => new(
        item.Neighbor.Item.PublicId,
        isOne ? null : item.Collection.Name,
        item.Neighbor.Distance,
        item.Neighbor.WeightedDistance,
        item.Neighbor.FineDistance,
        item.Neighbor.Item.Labels,
        metadata is null ? null : JsonElement.Parse(metadata.GetValueOrDefault(item.Neighbor.Id, "{}")),
        PreviewPath(item.Collection.Name, item.Neighbor.Item.PublicId));

    private static double? Milliseconds(TimeSpan? time) => time is { } value ? Math.Round(value.TotalMilliseconds, 3) : null;
}
