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

    [FromQuery(Name = "label"), Description("Only pictures that have one of these labels (exact). May be repeated.")]
    public string[]? Label { get; init; }

    [FromQuery(Name = "minPosition"), Description("Wait until the index has seen this position, as a write returned it; 503 after 5 s.")]
    public string? MinPosition { get; init; }

    [FromQuery(Name = "include"), Description("'metadata' adds each hit's metadata.")]
    public string? Include { get; init; }
}
