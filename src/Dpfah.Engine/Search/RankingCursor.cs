using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;

namespace Dpfah.Engine.Search;

/// <summary>
/// Where the next page of a ranking begins, with all that defines the ranking: a page needs nothing but its cursor.
/// </summary>
/// <param name="Collection">Name of the collection.</param>
/// <param name="Generation">The generation whose codes were compared; another active one gives no next page.</param>
/// <param name="Code">The query's code.</param>
/// <param name="Signature">The query's signature; null when the order is (distance, item number).</param>
/// <param name="Radius">The radius in bits; null for none.</param>
/// <param name="Labels">Labels of which an item must have one; empty for all items.</param>
/// <param name="Exclude">Item number left out; 0 for none.</param>
/// <param name="K">Items a page.</param>
/// <param name="After">Key of the last item seen.</param>
public sealed record RankingCursor(
    string Collection, int Generation, BinaryCode Code, BinaryCode? Signature, int? Radius, IReadOnlyList<string> Labels, long Exclude, int K, RankKey After)
{
    private const int MaxLength = 8192;

    // A cursor is text of a URL, never of a page: only what JSON demands is escaped, so that it stays short.
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The cursor as text that is safe in a URL.</summary>
    public override string ToString() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new Wire(
        Collection, Generation, Code.ToString(), Signature?.ToString(), Radius, [.. Labels], Exclude, K,
        After.Distance, After.FineDistance, After.Id), Json));

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
            Wire? wire = JsonSerializer.Deserialize<Wire>(Base64Url.DecodeFromChars(text));
            if (wire is null || wire.C is null || wire.L is null || wire.L.Contains(null!) || wire.K is < 1 or > SearchLimits.MaxK
                || !BinaryCode.TryParseHex(wire.Q, out BinaryCode code) || wire.R is < 0 || wire.R > code.Bits)
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

            return signature is null != wire.F is null
                ? null
                : new RankingCursor(wire.C, wire.G, code, signature, wire.R, wire.L, wire.X, wire.K, new RankKey(wire.D, wire.F, wire.N));
        }
        catch (Exception error) when (error is JsonException or FormatException)
        {
            return null;
        }
    }

    private sealed record Wire(string C, int G, string Q, string? S, int? R, string[] L, long X, int K, int D, int? F, long N);
}
