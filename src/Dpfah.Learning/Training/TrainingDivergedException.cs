namespace Dpfah.Learning.Training;

/// <summary>A loss or a gradient is not a finite number. The weights are those of the batch before; the message says where and what.</summary>
public sealed class TrainingDivergedException(string message) : Exception(message);
