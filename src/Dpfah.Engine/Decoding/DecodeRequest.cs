namespace Dpfah.Engine.Decoding;

/// <summary>A picture of which a preview is wanted.</summary>
/// <param name="Bytes">The file as it came; untouched until the preview is there.</param>
/// <param name="MadeBy">The decoder that is said to have made it, where the bytes are a preview that is taken as it is; null for a picture.</param>
internal readonly record struct DecodeRequest(ReadOnlyMemory<byte> Bytes, string? MadeBy = null);
