using Dpfah.Api.Http;
using Dpfah.Api.Search;

namespace Dpfah.Api.Explanations;

/// <summary>Why a picture was found: what its code and the query's have in common, and where that comes from.</summary>
/// <param name="Collection">The collection.</param>
/// <param name="Generation">The generation whose codes are compared.</param>
/// <param name="Query">The query.</param>
/// <param name="Result">The picture that was found.</param>
/// <param name="Distance">Hamming distance of the codes, in bits.</param>
/// <param name="FineDistance">Hamming distance of the signatures, in bits.</param>
/// <param name="SharedBits">Numbers of the bits that both codes have alike, from 0, ascending.</param>
/// <param name="DifferingBits">Numbers of the bits that differ, ascending.</param>
/// <param name="Maps">Heat maps of both pictures.</param>
public sealed record ExplanationResponse(
    string Collection,
    GenerationSummary Generation,
    ExplainedPictureResponse Query,
    ExplainedPictureResponse Result,
    int Distance,
    int FineDistance,
    IReadOnlyList<int> SharedBits,
    IReadOnlyList<int> DifferingBits,
    ExplanationMaps Maps);

/// <summary>One of two pictures that are compared.</summary>
/// <param name="Id">Its id in the collection; null for a picture that was sent.</param>
/// <param name="Code">Its code, in hex.</param>
/// <param name="Signature">Its signature, in hex.</param>
/// <param name="Preview">Path of its preview; null for a picture that was sent.</param>
public sealed record ExplainedPictureResponse(string? Id, string Code, string Signature, [property: ServicePath] string? Preview);

/// <summary>Heat maps of two pictures.</summary>
/// <param name="Query">Of the query.</param>
/// <param name="Result">Of the picture that was found.</param>
public sealed record ExplanationMaps(PictureMaps Query, PictureMaps Result);

/// <summary>
/// Heat maps of a picture, each as a source for an image as large as its preview: the path of a PNG for a picture of the collection, a
/// data URL for one that was sent.
/// </summary>
/// <param name="Attention">How much each place stands out for the network; null for a model without attention.</param>
/// <param name="Shared">Where the shared bits come from; null when there are none.</param>
/// <param name="Differing">Where the differing bits come from; null when there are none.</param>
public sealed record PictureMaps([property: ServicePath] string? Attention, [property: ServicePath] string? Shared, [property: ServicePath] string? Differing);
