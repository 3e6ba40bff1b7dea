using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Dpfah.Engine.Search;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Search;

/// <summary>The query parameters that every ranking takes.</summary>
internal sealed class RankingQuery
{
    [FromQuery(Name = "k"), Range(1, SearchLimits.MaxK), Description("Pictures wanted, 1 to 1000. Default 20.")]
    public int? K { get; init; }

    [FromQuery(Name = "radius"), Range(0, Core.Codes.BinaryCode.MaxBits), Description("Largest Hamming distance in bits, 0 to the length of the codes. Default: none.")]
    public int? Radius { get; init; }

    [FromQuery(Name = "confidence"), Range(0.01, 1.0), Description(
        "Instead of a radius: the largest distance at which two pictures still have a label in common with this probability, 0.01 to 1, by the collection's own labels "
        + "(GET /collections/{collection}, health.sameLabel). The answer's ranking tells the radius. 409 without labels, or when no distance reaches it.")]
    public double? Confidence { get; init; }

    [FromQuery(Name = "label"), Description("Only pictures that have one of these labels (exact). May be repeated.")]
    public string[]? Label { get; init; }

    [FromQuery(Name = "filter"), Description(
        "Only pictures whose metadata meets this JSON object, at most 2048 bytes: {\"brand\": \"acme\"} equals, {\"size\": [\"S\", \"M\"]} is one of, "
        + "{\"price\": {\"gte\": 10, \"lt\": 20}} lies between (gte, gt, lte, lt; numbers, or texts in ordinal order), {\"sku\": {\"exists\": true}} is there. "
        + "All members of an object must hold; {\"$or\": [{…}, {…}]}, {\"$and\": […]} and {\"$not\": {…}} join them; {\"$label\": …} and {\"$id\": …} are labels and ids. "
        + "A key that holds an array meets a condition when one of its values does. Keys of the outermost object only; one that begins with '$' is written with two.")]
    public string? Filter { get; init; }

    [FromQuery(Name = "collapse"), Description(
        "A key of the metadata: of all pictures with the same value of it only the first is shown. Pictures without a single value of it are all shown. "
        + "The cut's counts are those of the ranking before collapsing.")]
    public string? Collapse { get; init; }

    [FromQuery(Name = "minPosition"), Description("Wait until the index has seen this position, as a write returned it; 503 after 5 s.")]
    public string? MinPosition { get; init; }

    [FromQuery(Name = "include"), Description("'metadata' adds each hit's metadata.")]
    public string? Include { get; init; }
}
