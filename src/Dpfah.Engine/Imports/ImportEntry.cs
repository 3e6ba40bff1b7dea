namespace Dpfah.Engine.Imports;

/// <summary>One thing that an upload holds: a picture on its way into a collection, or the reason why it cannot go there.</summary>
internal sealed record ImportEntry
{
    /// <summary>What a rejection names: the id or the entry's path, or where neither can be read the line.</summary>
    public required string Item { get; init; }

    /// <summary>Public id; null when it could not be read. Checked unless there is a <see cref="Rejection"/>.</summary>
    public string? Id { get; init; }

    /// <summary>The picture's file; null when there is a <see cref="Url"/>, when it was skipped, or when it was rejected.</summary>
    public byte[]? Bytes { get; init; }

    /// <summary>Where the picture is to be fetched.</summary>
    public Uri? Url { get; init; }

    /// <summary>Labels, each once.</summary>
    public string[] Labels { get; init; } = [];

    /// <summary>Metadata in stored form; null for none.</summary>
    public string? Metadata { get; init; }

    /// <summary>Set when the bytes are a preview that a service of this kind made.</summary>
    public PreviewOrigin? Preview { get; init; }

    /// <summary>Why it cannot be indexed; null when nothing speaks against it so far.</summary>
    public EntryRejection? Rejection { get; init; }

    /// <summary>An entry that cannot be indexed.</summary>
    public static ImportEntry Rejected(string item, string? id, string code, string reason) =>
        new() { Item = item, Id = id, Rejection = new EntryRejection(code, reason) };
}

/// <summary>Why an entry cannot be indexed.</summary>
/// <param name="Code">One of <see cref="RejectionCodes"/>, or that of a picture.</param>
/// <param name="Reason">A sentence.</param>
internal sealed record EntryRejection(string Code, string Reason);

/// <summary>What a preview that was exported says of its origin.</summary>
/// <param name="Decoder">The decoder that made it.</param>
/// <param name="ContentDigest">SHA-256 of the picture as it was uploaded once.</param>
internal sealed record PreviewOrigin(string Decoder, byte[] ContentDigest);
