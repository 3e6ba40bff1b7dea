namespace Dpfah.Engine.Blobs;

/// <summary>A stream had more bytes than are taken.</summary>
/// <param name="limit">Most bytes.</param>
public sealed class BlobTooLargeException(long limit) : Exception($"At most {limit} bytes are taken.")
{
    /// <summary>Most bytes.</summary>
    public long Limit { get; } = limit;
}
