namespace Dpfah.Learning.Inference;

/// <summary>A convolution with the batch norm behind it folded in.</summary>
/// <param name="Values">Shape (outputs, inputs, side, side).</param>
/// <param name="Bias">One value for each output.</param>
/// <param name="Outputs">Channels of output, a multiple of 64.</param>
/// <param name="Inputs">Channels of input.</param>
/// <param name="Side">Side of the window: 1, 3 or 7. The map is padded by half of it.</param>
/// <param name="Stride">1 or 2.</param>
internal sealed record ConvolutionWeights(float[] Values, float[] Bias, int Outputs, int Inputs, int Side, int Stride);
