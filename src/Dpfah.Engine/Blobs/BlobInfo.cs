namespace Dpfah.Engine.Blobs;

/// <summary>A file in the database.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name, for people.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">SHA-256 of all bytes, lower-case hex.</param>
public sealed record BlobInfo(long Id, string Name, long Length, string Sha256);
