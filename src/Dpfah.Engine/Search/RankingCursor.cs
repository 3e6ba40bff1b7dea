using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;

namespace Dpfah.Engine.Search;

/// <summary>A collection that a ranking goes over, and the generation whose codes it compares.</summary>
/// <param name="Collection">Name of the collection.</param>
/// <param name="Generation">Number of the generation; another active one gives no next page.</param>
public sealed record SearchedGeneration(string Collection, int Generation);

/// <summary>
/// Where the next page of a ranking begins, with all that defines the ranking: a page needs nothing but its cursor.
/// </summary>
/// <param name="Searched">The collections, at least one.</param>
/// <param name="Ranking">What was ranked, with the key of the last item seen.</param>
public sealed record RankingCursor(IReadOnlyList<SearchedGeneration> Searched, Ranking Ranking)
{
    private const int MaxLength = 8192;

    // A cursor is text of a URL, never of a page: only what JSON demands is escaped, so that it stays short.
    private static readonly CursorJson Json = new(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });

    /// <summary>The cursor as text that is safe in a URL.</summary>
    public override string ToString()
    {
        RankKey after = Ranking.After!.Value;
        return Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(
            new CursorWire(
                [.. Searched.Select(s => s.Collection)],
                [.. Searched.Select(s => s.Generation)],
                Ranking.Code.ToString(),
                Ranking.Signature?.ToString(),
                Ranking.Radius,
                [.. Ranking.Labels],
                Ranking.Filter is null ? null : JsonElement.Parse(Ranking.Filter.Text),
                Ranking.Collapse,
                Ranking.Weights is null ? null : BitWeightText.Write(Ranking.Weights),
                Ranking.Exclude,
                Ranking.K,
                after.Distance,
                after.WeightedDistance,
                after.FineDistance,
                after.Id),
            Json.CursorWire));
    }

    /// <summary>Reads a cursor.</summary>
    /// <returns>Null when the text is no cursor.</returns>
    public static RankingCursor? TryParse(string text)
    {
        if (text.Length > MaxLength)
        {
            return null;
        }

        try
        {
            CursorWire? wire = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(text), Json.CursorWire);
            if (wire is null || wire.C is not { Length: >= 1 and <= SearchLimits.MaxCollections } || wire.G?.Length != wire.C.Length || wire.C.Contains(null!)
                || wire.L is null || wire.L.Contains(null!) || wire.K is < 1 or > SearchLimits.MaxK
                || !BinaryCode.TryParseHex(wire.Q, out BinaryCode code) || wire.R is < 0 || wire.R > code.Bits
                || wire.S is null != wire.F is null || wire.U is null != wire.W is null)
            {
                return null;
            }

            BinaryCode? signature = null;
            if (wire.S is not null)
            {
                if (!BinaryCode.TryParseHex(wire.S, out BinaryCode parsed) || parsed.Bits != Core.Imaging.ImageCode.SignatureBits)
                {
                    return null;
                }

                signature = parsed;
            }

            ushort[]? weights = null;
            SearchFilter? filter = null;
            if ((wire.U is not null && !BitWeightText.TryRead(wire.U, code.Bits, out weights))
                || (wire.P is { } conditions && SearchFilter.TryParse(conditions.GetRawText(), out filter) is not null)
                || wire.O?.Length == 0)
            {
                return null;
            }

            var ranking = new Ranking(code, signature, wire.K, wire.R, wire.L)
            {
                Filter = filter,
                Collapse = wire.O,
                Weights = weights,
                Exclude = wire.X,
                After = new RankKey(wire.D, wire.F, wire.N, wire.W),
            };
            return new RankingCursor([.. wire.C.Zip(wire.G, (name, generation) => new SearchedGeneration(name, generation))], ranking);
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>
/// A cursor's members, short as they travel in URLs: collections, generations, query, signature, radius, labels, filter (P), collapse (O),
/// weights (U), exclude, k; the last distance, weighted and fine distance and number.
/// </summary>
internal sealed record CursorWire(
    string[] C, int[] G, string Q, string? S, int? R, string[] L, JsonElement? P, string? O, string? U, long X, int K, int D, int? W, int? F, long N);

/// <summary>Reads and writes cursors without reflection.</summary>
[JsonSerializable(typeof(CursorWire))]
internal sealed partial class CursorJson : JsonSerializerContext;
