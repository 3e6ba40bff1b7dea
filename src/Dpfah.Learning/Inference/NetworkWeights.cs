namespace Dpfah.Learning.Inference;

/// <summary>Weights of ResNet18, batch norm folded in.</summary>
/// <param name="Stem">7x7, stride 2.</param>
/// <param name="Blocks">The residual blocks, in order.</param>
/// <param name="Attention">Whether the parameter-free attention follows the max pool.</param>
internal sealed record NetworkWeights(ConvolutionWeights Stem, IReadOnlyList<BlockWeights> Blocks, bool Attention);
