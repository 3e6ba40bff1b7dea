using Dpfah.Core.Health;

namespace Dpfah.Engine.Health;

/// <summary>The health of a collection's codes at one moment.</summary>
/// <param name="Codes">How well the codes use their bits.</param>
/// <param name="SameLabel">How likely two pictures at a distance have a label in common; null when the labels say too little.</param>
/// <param name="ComputedAt">When it was measured, UTC.</param>
public sealed record CollectionHealth(CodeHealth Codes, SameLabelFit? SameLabel, DateTime ComputedAt);
