namespace Dpfah.Engine.Training;

/// <summary>Where a training is gone on with, by whichever node.</summary>
/// <param name="Manifest">Blob of the frozen manifest of a collection's pictures; null for a data set.</param>
/// <param name="State">Blob of the newest state of the training; null before its first epoch has ended.</param>
/// <param name="Epoch">Epochs in that state.</param>
/// <param name="FrozenAt">When the manifest was frozen, UTC.</param>
/// <param name="Feedback">What feedback added to the manifest; null where it was not asked for.</param>
internal sealed record TrainingCheckpoint(long? Manifest, long? State, int Epoch, DateTime FrozenAt, FeedbackCounts? Feedback = null);
