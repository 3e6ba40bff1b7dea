namespace Dpfah.Learning.Training;

/// <summary>A loss or a gradient is not a finite number. The weights are those of the batch before, but running statistics and the loss's state have seen the batch: go on from the last checkpoint. The message says where and what.</summary>
public sealed class TrainingDivergedException(string message) : Exception(message);
