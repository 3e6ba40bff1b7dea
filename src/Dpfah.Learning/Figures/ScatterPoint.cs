namespace Dpfah.Learning.Figures;

/// <summary>A point of the plane.</summary>
/// <param name="X">To the right.</param>
/// <param name="Y">Upwards.</param>
public readonly record struct ScatterPoint(double X, double Y);
