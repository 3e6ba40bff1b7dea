using System.Security.Cryptography;
using System.Text;
using Dpfah.Core.Imaging;
using Microsoft.Net.Http.Headers;

namespace Dpfah.Api.Explanations;

/// <summary>Entity tags of heat maps: a digest of all that a map is drawn from, so that it is known before anything is drawn.</summary>
internal static class HeatMapTag
{
    // Raised by every change of how maps are computed or drawn.
    private const int Version = 1;

    /// <summary>The tag of a map.</summary>
    /// <param name="preview">The picture's preview.</param>
    /// <param name="encoder">The network that is asked.</param>
    /// <param name="target">What the map shows.</param>
    public static EntityTagHeaderValue Of(byte[] preview, EncoderIdentity encoder, HeatMapTarget target)
    {
        string shown = target.BitWeights is { } weights ? string.Join(',', weights) : "attention";
        string all = string.Join('\n', [$"{Version}", encoder.Model, encoder.Decoder, encoder.Arithmetic, Convert.ToHexString(SHA256.HashData(preview)), shown]);
        return new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all)).AsSpan(0, 16))}\"");
    }

    /// <summary>Whether a caller has the map already.</summary>
    public static bool IsKnown(HttpRequest request, EntityTagHeaderValue tag) => request.GetTypedHeaders().IfNoneMatch
        .Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false));
}
