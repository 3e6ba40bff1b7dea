using static TorchSharp.torch;

namespace Dpfah.Learning.Losses;

/// <summary>One mini-batch as a loss sees it.</summary>
/// <param name="RealCodes">u, shape (B, bits); gradients flow here.</param>
/// <param name="ClassScores">o, shape (B, classes); gradients flow here, where a method uses them.</param>
/// <param name="Labels">y, 0 or 1, shape (B, classes), of the type of u.</param>
/// <param name="Indices">Positions of the pictures in the training set, int64, shape (B), each once.</param>
public sealed record LossBatch(Tensor RealCodes, Tensor ClassScores, Tensor Labels, Tensor Indices);

/// <summary>The value of a loss.</summary>
/// <param name="Total">What is minimised: a scalar with its gradient.</param>
/// <param name="Parts">The terms it is made of, before their weights, each a scalar; for the record of a run.</param>
public sealed record LossValue(Tensor Total, IReadOnlyList<(string Name, Tensor Value)> Parts);

/// <summary>What a loss must know before the first batch.</summary>
/// <param name="TrainingPictures">n, pictures of the training set.</param>
/// <param name="Bits">l, length of the codes.</param>
/// <param name="Classes">c, number of classes.</param>
/// <param name="MultiLabel">Whether a picture may have several classes.</param>
/// <param name="Device">Where the network computes, and the state lives.</param>
/// <param name="Type">float32; float64 for comparison with reference values.</param>
public sealed record LossShape(
    int TrainingPictures, int Bits, int Classes, bool MultiLabel, Device Device, ScalarType Type = ScalarType.Float32);
