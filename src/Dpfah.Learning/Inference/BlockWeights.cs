namespace Dpfah.Learning.Inference;

/// <summary>The convolutions of a residual block.</summary>
/// <param name="First">3x3, with the stride of the block.</param>
/// <param name="Second">3x3, stride 1.</param>
/// <param name="Shortcut">1x1, with the stride of the block; null for the identity.</param>
internal sealed record BlockWeights(ConvolutionWeights First, ConvolutionWeights Second, ConvolutionWeights? Shortcut);
