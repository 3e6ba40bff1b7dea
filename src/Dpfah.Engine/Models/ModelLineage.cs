using Dpfah.Engine.Training;

namespace Dpfah.Engine.Models;

/// <summary>Where a model comes from, as far as is needed again.</summary>
/// <param name="Request">The training that made it.</param>
/// <param name="DataManifest">Digest of the manifest of its pictures; null for a data set on disk.</param>
/// <param name="FrozenAt">When that manifest was frozen, UTC.</param>
internal sealed record ModelLineage(TrainingRequest? Request, string? DataManifest, DateTime? FrozenAt);
