using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.Core.Codes;

namespace Dpfah.FunctionalTests.Search;

/// <summary>The definition of a ranking, computed from the codes that the service lists.</summary>
internal static class NaiveRanking
{
    /// <summary>Ranks all pictures that pass: by distance, then fine distance, then item order.</summary>
    /// <param name="images">Pictures in item order.</param>
    /// <param name="code">The query's code in hex.</param>
    /// <param name="signature">The query's signature in hex; null for none.</param>
    /// <param name="radius">Largest distance; null for none.</param>
    /// <param name="labels">Labels of which a picture must have one; empty for all pictures.</param>
    public static List<(string Id, int Distance, int? FineDistance)> Rank(
        IReadOnlyList<ImageResponse> images, string code, string? signature, int? radius, IReadOnlyCollection<string> labels)
    {
        BinaryCode queryCode = Parse(code);
        return
        [
            .. images
                .Where(image => labels.Count == 0 || image.Labels.Any(labels.Contains))
                .Select(image => (
                    image.Id,
                    Distance: queryCode.HammingDistance(Parse(image.Code)),
                    FineDistance: signature is null ? (int?)null : Parse(signature).HammingDistance(Parse(image.Signature))))
                .Where(ranked => radius is null || ranked.Distance <= radius)
                .OrderBy(ranked => ranked.Distance).ThenBy(ranked => ranked.FineDistance), // OrderBy is stable: ties stay in item order.
        ];
    }

    /// <summary>Asserts that a page is the first k of a ranking, with the cut that the definition gives.</summary>
    public static void AssertFirstPage(List<(string Id, int Distance, int? FineDistance)> ranking, int k, SearchResponse page)
    {
        Assert.Equal(ranking.Take(k), page.Hits.Select(hit => (hit.Id, hit.Distance, hit.FineDistance)));
        int? cut = ranking.Take(k).Select(ranked => (int?)ranked.Distance).LastOrDefault();
        Assert.Equal(k, page.Ranking.K);
        Assert.Equal(cut, page.Ranking.CutDistance);
        Assert.Equal(ranking.Count(ranked => ranked.Distance < cut), page.Ranking.BelowCut);
        Assert.Equal(ranking.Count(ranked => ranked.Distance == cut), page.Ranking.TiedAtCut);
        Assert.Equal(ranking.Count > k, page.NextCursor is not null);
    }

    private static BinaryCode Parse(string hex) => BinaryCode.TryParseHex(hex, out BinaryCode code) ? code : throw new FormatException(hex);
}
