using Dpfah.Learning.Explaining;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Figures;

/// <summary>One picture of a <see cref="GradCamFigure"/>.</summary>
/// <param name="Label">What the picture shows.</param>
/// <param name="Picture">The picture as the networks saw it.</param>
/// <param name="Plain">Heat map of the network without attention; null if missing.</param>
/// <param name="WithAttention">Heat map of the network with attention (PFA); null if missing.</param>
public sealed record GradCamRow(string Label, RgbImage Picture, HeatMap? Plain, HeatMap? WithAttention);
