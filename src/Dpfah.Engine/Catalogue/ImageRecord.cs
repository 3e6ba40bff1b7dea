using Dpfah.Core.Codes;
using Dpfah.Engine.Search;

namespace Dpfah.Engine.Catalogue;

/// <summary>A picture as it comes in.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="Labels">Its labels; an empty list for none.</param>
/// <param name="Metadata">Its metadata in stored form (<see cref="CatalogueRules.CheckMetadata"/>); null for none.</param>
/// <param name="Expected">The states in which the picture under the id may be; null for any, and for none at all.</param>
public sealed record ImageInput(byte[] Bytes, IReadOnlyList<string> Labels, string? Metadata, IReadOnlyList<ImageTag>? Expected = null);

/// <summary>A picture of a collection as the database has it.</summary>
/// <param name="Number">Item number.</param>
/// <param name="Id">Public id.</param>
/// <param name="Labels">Labels.</param>
/// <param name="Metadata">Metadata as JSON text; null for none.</param>
/// <param name="Sha256">SHA-256 of the uploaded bytes, lower-case hex.</param>
/// <param name="Version">Counts changes from 1.</param>
/// <param name="CreatedAt">When it came, UTC.</param>
/// <param name="UpdatedAt">When it last changed, UTC.</param>
/// <param name="PreviewWidth">Width of its preview in pixels.</param>
/// <param name="PreviewHeight">Height of its preview in pixels.</param>
/// <param name="Code">Code in the active generation.</param>
/// <param name="Signature">Signature in the active generation.</param>
public sealed record ImageRecord(
    long Number,
    string Id,
    IReadOnlyList<string> Labels,
    string? Metadata,
    string Sha256,
    long Version,
    DateTime CreatedAt,
    DateTime UpdatedAt,
    int PreviewWidth,
    int PreviewHeight,
    BinaryCode Code,
    BinaryCode Signature)
{
    /// <summary>The state of the picture that this record tells.</summary>
    public ImageTag Tag => new(Number, Version);
}

/// <summary>Names one state of one picture; a picture that was deleted and came again has another.</summary>
/// <param name="Number">Item number.</param>
/// <param name="Version">Counts changes from 1.</param>
public readonly record struct ImageTag(long Number, long Version);

/// <summary>What became of a write.</summary>
public enum WriteStatus
{
    /// <summary>The picture is new.</summary>
    Created,

    /// <summary>The picture was there and is now another, or has other labels or metadata.</summary>
    Updated,

    /// <summary>All was there already.</summary>
    Unchanged,

    /// <summary>The picture was deleted.</summary>
    Deleted,

    /// <summary>There is no such collection.</summary>
    NoCollection,

    /// <summary>There is no such picture.</summary>
    NoImage,

    /// <summary>The picture is in another state than the caller expects.</summary>
    OtherTag,

    /// <summary>The bytes were not accepted as a picture.</summary>
    Rejected,
}

/// <summary>The outcome of a write.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Image">The picture as it is now, where there is one.</param>
/// <param name="Position">A search that names this position sees the write.</param>
/// <param name="Rejection">Why the picture was rejected; null unless it was.</param>
public sealed record WriteOutcome(
    WriteStatus Status, ImageRecord? Image = null, Position Position = default, Core.Imaging.PreviewResult? Rejection = null);

/// <summary>Changes to a picture's labels and metadata.</summary>
/// <param name="Labels">The new labels; null leaves them.</param>
/// <param name="SetsMetadata">Whether <paramref name="Metadata"/> replaces what was there.</param>
/// <param name="Metadata">The new metadata in stored form; null for none.</param>
/// <param name="Expected">The states in which the picture may be; null for any.</param>
public sealed record ImagePatch(IReadOnlyList<string>? Labels, bool SetsMetadata, string? Metadata, IReadOnlyList<ImageTag>? Expected);

/// <summary>A preview as stored.</summary>
/// <param name="Jpeg">The JPEG file.</param>
/// <param name="Sha256">SHA-256 of the uploaded picture it was made of, lower-case hex.</param>
/// <param name="Decoder">The decoder that made it.</param>
public sealed record PreviewFile(byte[] Jpeg, string Sha256, string Decoder);
