using System.Text.Json;
using System.Text.Json.Serialization;
using Dpfah.Api.Http;

namespace Dpfah.Api.Images;

/// <summary>A picture of a collection.</summary>
/// <param name="Id">Its id in the collection.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Metadata">Its metadata; null for none.</param>
/// <param name="Code">Its code in the active generation, in hex.</param>
/// <param name="Signature">Its signature in the active generation, in hex.</param>
/// <param name="Sha256">SHA-256 of the bytes as uploaded, in hex.</param>
/// <param name="Width">Width of its preview in pixels.</param>
/// <param name="Height">Height of its preview in pixels.</param>
/// <param name="CreatedAt">When it came, UTC.</param>
/// <param name="UpdatedAt">When it last changed, UTC.</param>
/// <param name="Preview">Path of its preview.</param>
/// <param name="Position">After a write: a search with this <c>minPosition</c> sees it. Left out in reads.</param>
public sealed record ImageResponse(
    string Id,
    IReadOnlyList<string> Labels,
    JsonElement? Metadata,
    string Code,
    string Signature,
    string Sha256,
    int Width,
    int Height,
    DateTime CreatedAt,
    DateTime UpdatedAt,
    [property: ServicePath] string Preview,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Position);

/// <summary>A page of pictures.</summary>
/// <param name="Items">The pictures, in the order in which they came.</param>
/// <param name="NextCursor">Cursor of the next page; null on the last.</param>
public sealed record ImageList(IReadOnlyList<ImageResponse> Items, string? NextCursor);

/// <summary>Changes to a picture; what is left out stays.</summary>
/// <param name="Labels">All its labels from now on.</param>
/// <param name="Metadata">All its metadata from now on, an object; null removes it.</param>
public sealed record PatchImageRequest(IReadOnlyList<string>? Labels, JsonElement Metadata);
