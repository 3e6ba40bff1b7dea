using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Jobs;

namespace Dpfah.Engine.Generations;

/// <summary>Items of a generation that is filled, whose previews another node may hash.</summary>
/// <param name="First">The first item number.</param>
/// <param name="Last">The last one; those between have a code already, or are missing too.</param>
internal sealed record FillPart(long First, long Last);

/// <summary>An item as another node has hashed it.</summary>
/// <param name="Number">Item number.</param>
/// <param name="ContentDigest">SHA-256 of the bytes of which the preview was made that was hashed.</param>
/// <param name="Code">Bits of the code; null when there is none.</param>
/// <param name="Signature">Bits of the signature.</param>
/// <param name="Problem">Why there is none.</param>
internal sealed record FillPartItem(long Number, byte[] ContentDigest, byte[]? Code, byte[]? Signature, string? Problem)
{
    /// <summary>What is sent of an item.</summary>
    public static FillPartItem Of(PreviewToHash preview, (ImageCode? Code, string? Problem) hashed) =>
        new(preview.Number, preview.ContentDigest, hashed.Code?.Code.ToBytes(), hashed.Code?.Signature.ToBytes(), hashed.Problem);

    /// <summary>What another node has made of previews.</summary>
    /// <param name="previews">The previews.</param>
    /// <param name="output">What the other node has sent.</param>
    /// <returns>A code for each, or the reason why there is none; null when some of them are missing.</returns>
    public static (ImageCode? Code, string? Problem)[]? Read(IReadOnlyList<PreviewToHash> previews, byte[] output)
    {
        Dictionary<long, FillPartItem> items;
        try
        {
            items = JsonSerializer.Deserialize<FillPartItem[]>(output, JobJson.Options)!.ToDictionary(item => item.Number);
        }
        catch (JsonException)
        {
            return null;
        }

        return previews.All(preview => items.GetValueOrDefault(preview.Number)?.ContentDigest.AsSpan().SequenceEqual(preview.ContentDigest) == true)
            ? [.. previews.Select(preview => items[preview.Number].Hashed)]
            : null;
    }

    // What is stored of a code are its bits.
    private (ImageCode? Code, string? Problem) Hashed => Code is null
        ? (null, Problem)
        : (new ImageCode(BinaryCode.FromBytes(Code), BinaryCode.FromBytes(Signature!), default), null);
}
