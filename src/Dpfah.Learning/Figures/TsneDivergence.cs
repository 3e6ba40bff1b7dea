namespace Dpfah.Learning.Figures;

/// <summary>How far the plane is from the data.</summary>
/// <param name="Iteration">Steps done.</param>
/// <param name="Value">KL(P‖Q) in nats, at least 0.</param>
public sealed record TsneDivergence(int Iteration, double Value);
