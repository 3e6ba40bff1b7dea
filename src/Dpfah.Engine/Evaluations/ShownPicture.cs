namespace Dpfah.Engine.Evaluations;

/// <summary>A picture that a figure may show, as it was when its preview was read.</summary>
/// <param name="Number">Its item number: another one under the same id has another. Null where it is known by its bytes alone.</param>
/// <param name="Digest">SHA-256 of its bytes.</param>
internal sealed record ShownPicture(long? Number, byte[] Digest);
