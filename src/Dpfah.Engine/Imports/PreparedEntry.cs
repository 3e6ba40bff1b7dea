using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Imports;

/// <summary>An entry on its way to be written, with what was computed of it so far.</summary>
/// <param name="entry">The entry.</param>
internal sealed class PreparedEntry(ImportEntry entry)
{
    /// <summary>The entry.</summary>
    public ImportEntry Entry => entry;

    /// <summary>The picture's file, until its preview is made: what is in the collection already needs none.</summary>
    public byte[]? Bytes { get; set; } = entry.Bytes;

    /// <summary>SHA-256 of the picture as it was uploaded first; null when it was rejected.</summary>
    public byte[] Digest { get; set; } = [];

    /// <summary>The preview; null as long as none is needed.</summary>
    public Preview? Preview { get; set; }

    /// <summary>The codes, by the numbers of the models.</summary>
    public Dictionary<int, ImageCode> Codes { get; } = [];

    /// <summary>Why it cannot be indexed.</summary>
    public EntryRejection? Rejection { get; set; } = entry.Rejection;

    /// <summary>What the collection had under the id, when it was looked up.</summary>
    public KnownItem? Known { get; init; }
}

/// <summary>What a collection has under an id.</summary>
/// <param name="Digest">SHA-256 of the bytes as uploaded.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Metadata">Its metadata in stored form.</param>
internal sealed record KnownItem(byte[] Digest, string[] Labels, string? Metadata)
{
    /// <summary>Whether an entry would change nothing.</summary>
    public bool IsSameAs(ImportEntry entry, byte[] digest) =>
        Digest.AsSpan().SequenceEqual(digest) && Labels.SequenceEqual(entry.Labels) && Metadata == entry.Metadata;
}
