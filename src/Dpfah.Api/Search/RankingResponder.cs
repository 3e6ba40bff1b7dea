using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Dpfah.Api.Http;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Dpfah.Api.Search;

/// <summary>What all searches share: the checks of their parameters, and the answer.</summary>
internal sealed class RankingResponder(SearchService search, ImageReader images)
{
    private const string Metadata = "metadata";

    /// <summary>Checks what can be checked before a picture is hashed, finds the collection and waits for the position asked for.</summary>
    public async Task<(CollectionIndex? Collection, ProblemHttpResult? Problem)> PrepareAsync(
        string collectionName, RankingQuery query, CancellationToken cancellationToken)
    {
        if (query.Include is not (null or Metadata))
        {
            return (null, Problems.BadParameter("include", $"'include' is '{Metadata}', or left out; it was '{query.Include}'."));
        }

        if (CheckLabels(query.Label) is { } wrongLabels)
        {
            return (null, wrongLabels);
        }

        // A service that is starting says so before it says that it knows no collection.
        _ = search.Find(collectionName);
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

        if (search.Find(collectionName) is not { } collection)
        {
            return (null, Problems.NoCollection(collectionName));
        }

        return query.Radius > collection.Generation.Bits
            ? (null, Problems.BadParameter("radius", $"'radius' is at most {collection.Generation.Bits}, the length of the collection's codes; it was {query.Radius}."))
            : (collection, null);
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
    public async Task<Results<Ok<SearchResponse>, ProblemHttpResult>> RespondAsync(
        CollectionIndex collection, Ranking ranking, RankingQuery query, EncodedPicture? encoded, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        if (search.Search(collection, ranking, cancellationToken) is not { } page)
        {
            return Problems.OtherGeneration(collection.Name);
        }

        TimeSpan searchTime = Stopwatch.GetElapsedTime(start);

        Dictionary<long, string> metadata = query.Include == Metadata
            ? await images.MetadataAsync(page.Answer.Neighbors.Select(n => n.Id).ToList(), cancellationToken)
            : [];
        return TypedResults.Ok(new SearchResponse(
            collection.Name,
            Summary(collection.Generation),
            new QueryCodes(ranking.Code.ToString(), ranking.Signature?.ToString()),
            page.Position.ToString(),
            new RankingSummary(ranking.K, ranking.Radius, page.Answer.CutDistance, page.Answer.BelowCut, page.Answer.TiedAtCut),
            [.. page.Answer.Neighbors.Select(n => ToHit(collection.Name, n, query.Include == Metadata, metadata))],
            page.Next?.ToString(),
            new SearchTimings(Milliseconds(encoded?.DecodeTime), Milliseconds(encoded?.ModelTime), searchTime.TotalMilliseconds)));
    }

    /// <summary>The ranking that a query asks for.</summary>
    public static Ranking ToRanking(RankingQuery query, BinaryCode code, BinaryCode? signature) =>
        new(code, signature, query.K ?? SearchLimits.DefaultK, query.Radius, query.Label ?? []);

    public static Ranking ToRanking(RankingQuery query, ImageCode code) => ToRanking(query, code.Code, code.Signature);

    public static GenerationSummary Summary(GenerationInfo generation) => new(generation.Id, generation.ModelName, generation.Bits);

    private static Hit ToHit(string collection, Neighbor<IndexedItem> neighbor, bool withMetadata, Dictionary<long, string> metadata) => new(
        neighbor.Item.PublicId,
        neighbor.Distance,
        neighbor.FineDistance,
        neighbor.Item.Labels,
        withMetadata ? JsonElement.Parse(metadata.GetValueOrDefault(neighbor.Id, "{}")) : null,
        PreviewPath(collection, neighbor.Item.PublicId));

    public static string PreviewPath(string collection, string id) => $"/collections/{collection}/images/{RawPath.Escape(id)}/preview";

    private static double? Milliseconds(TimeSpan? time) => time is { } value ? Math.Round(value.TotalMilliseconds, 3) : null;
}
