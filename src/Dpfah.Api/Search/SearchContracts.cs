using System.Text.Json;
using System.Text.Json.Serialization;
using Dpfah.Api.Http;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Search;

/// <summary>A query by code.</summary>
/// <param name="Code">Code in hex, two digits for 8 bits, lowest bit first.</param>
/// <param name="Signature">Signature in hex, 64 digits; without it equal distances are in the order of item numbers.</param>
/// <param name="Collection">Collection to search; <c>default</c> when left out.</param>
/// <param name="Collections">Several collections of one model, instead of <paramref name="Collection"/>: one ranking over all of them.</param>
/// <param name="Generation">The generation whose code it is: 409 when another one answers the (first) collection by now. Left out, nobody checks.</param>
public sealed record SearchByCodeRequest(
    string? Code, string? Signature, string? Collection, IReadOnlyList<string>? Collections = null, int? Generation = null);

/// <summary>Many queries by code or by id.</summary>
/// <param name="Queries">1 to 256 queries.</param>
public sealed record SearchBatchRequest(IReadOnlyList<BatchQueryRequest>? Queries);

/// <summary>One of many queries: a code, or a picture of the collection, which is itself left out.</summary>
/// <param name="Code">Code in hex.</param>
/// <param name="Signature">Signature in hex, beside a code.</param>
/// <param name="Id">Id of a picture of a collection that is searched.</param>
public sealed record BatchQueryRequest(string? Code, string? Signature, string? Id);

/// <summary>What became of many queries.</summary>
/// <param name="Outcomes">One for each query, in their order.</param>
public sealed record SearchBatchResponse(IReadOnlyList<SearchOutcome> Outcomes);

/// <summary>What became of one of many queries.</summary>
/// <param name="Status">The status that the query alone would have been answered with.</param>
/// <param name="Result">The page; null when the query failed.</param>
/// <param name="Problem">What is wrong with the query; null when it was answered.</param>
public sealed record SearchOutcome(
    int Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SearchResponse? Result,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ProblemDetails? Problem);

/// <summary>One of several collections that were searched.</summary>
/// <param name="Collection">Its name.</param>
/// <param name="Generation">The generation of codes that answered.</param>
public sealed record CollectionSummary(string Collection, GenerationSummary Generation);

/// <summary>A page of a ranking.</summary>
/// <param name="Collection">The collection that was searched; left out when there were several.</param>
/// <param name="Generation">The generation of codes that answered; left out when there were several.</param>
/// <param name="Collections">The collections that were searched, when there were several.</param>
/// <param name="Query">The query's codes.</param>
/// <param name="Position">Every change up to this position of the change log was seen.</param>
/// <param name="Ranking">Where the page was cut.</param>
/// <param name="Hits">Pictures by (Hamming distance, weighted distance if asked for, signature distance, item number).</param>
/// <param name="NextCursor">Cursor of the next page, for <c>POST /search/code?cursor=…</c>; null on the last page.</param>
/// <param name="Timings">Where the time went.</param>
/// <param name="Partial">True when shards did not answer in time: their pictures are neither among the hits nor counted. Left out otherwise.</param>
/// <param name="MissingShards">Those shards, as "collection: shard 3 of 8". Left out when there are none.</param>
public sealed record SearchResponse(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Collection,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GenerationSummary? Generation,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<CollectionSummary>? Collections,
    QueryCodes Query,
    string Position,
    RankingSummary Ranking,
    IReadOnlyList<Hit> Hits,
    string? NextCursor,
    SearchTimings Timings,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Partial = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? MissingShards = null);

/// <summary>A generation: all codes of one collection under one model.</summary>
/// <param name="Id">Number of the generation.</param>
/// <param name="Model">Name of its model.</param>
/// <param name="Bits">Length of its codes.</param>
public sealed record GenerationSummary(int Id, string Model, int Bits);

/// <summary>Codes in hex.</summary>
/// <param name="Code">Code of the picture.</param>
/// <param name="Signature">Its signature, for the order among equal distances.</param>
public sealed record QueryCodes(string Code, string? Signature);

/// <summary>Where a page was cut: how much of the ranking lies before it, and how many pictures tie at its last distance.</summary>
/// <param name="K">Pictures asked for.</param>
/// <param name="Radius">Largest distance asked for, in bits; with <c>confidence</c>, the one that was taken.</param>
/// <param name="CutDistance">Distance of the page's last picture; null for an empty page.</param>
/// <param name="BelowCut">Pictures of the whole ranking that are nearer than the cut, after filters.</param>
/// <param name="TiedAtCut">Pictures of the whole ranking at the cut's distance, after filters.</param>
public sealed record RankingSummary(int K, int? Radius, int? CutDistance, long BelowCut, long TiedAtCut);

/// <summary>A picture that was found.</summary>
/// <param name="Id">Its id in the collection.</param>
/// <param name="Collection">Its collection, when several were searched.</param>
/// <param name="Distance">Hamming distance of the codes, in bits.</param>
/// <param name="WeightedDistance">With <c>order=asymmetric</c>: sum of the weights of the bits that differ, 65,535 the greatest weight; left out otherwise.</param>
/// <param name="FineDistance">Hamming distance of the signatures, in bits; null when the query has none.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Metadata">Its metadata, with <c>include=metadata</c>; left out otherwise.</param>
/// <param name="Preview">Path of its preview.</param>
public sealed record Hit(
    string Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Collection,
    int Distance,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? WeightedDistance,
    int? FineDistance,
    IReadOnlyList<string> Labels,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Metadata,
    [property: ServicePath] string Preview);

/// <summary>Where the time of a search went, in milliseconds.</summary>
/// <param name="DecodeMs">From bytes to preview; left out for a query by code.</param>
/// <param name="ModelMs">From preview to codes; left out for a query by code.</param>
/// <param name="SearchMs">Ranking, waiting for a free core included; of a batch, all its queries.</param>
public sealed record SearchTimings(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? DecodeMs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? ModelMs,
    double SearchMs);

/// <summary>Two pictures compared under a collection's model.</summary>
/// <param name="Collection">The collection whose model compared them.</param>
/// <param name="Generation">The generation of that model's codes.</param>
/// <param name="A">Codes of the first picture.</param>
/// <param name="B">Codes of the second picture.</param>
/// <param name="Distance">Hamming distance of the codes, in bits.</param>
/// <param name="FineDistance">Hamming distance of the signatures, in bits.</param>
/// <param name="DifferingBits">Numbers of the code's bits that differ, from 0, ascending.</param>
public sealed record CompareResponse(
    string Collection, GenerationSummary Generation, QueryCodes A, QueryCodes B, int Distance, int FineDistance, IReadOnlyList<int> DifferingBits);
