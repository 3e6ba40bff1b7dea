namespace Dpfah.Engine.Training;

/// <summary>A picture of a collection as a training sees it.</summary>
/// <param name="Number">Item number.</param>
/// <param name="Id">Public id.</param>
/// <param name="Labels">The labels that count.</param>
/// <param name="Digest">SHA-256 of the bytes as uploaded.</param>
internal sealed record TrainingItem(long Number, string Id, string[] Labels, byte[] Digest);
