namespace Dpfah.Learning.Figures;

/// <summary>What t-SNE found.</summary>
/// <param name="Points">The place of each item, centred on the origin; no unit.</param>
/// <param name="Divergences">KL(P‖Q) without exaggeration, in nats: at the start, after every 50 steps, and at the end.</param>
public sealed record TsneResult(IReadOnlyList<ScatterPoint> Points, IReadOnlyList<TsneDivergence> Divergences);
