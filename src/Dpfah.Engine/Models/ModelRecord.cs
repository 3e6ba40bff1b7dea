using Dpfah.Core.Models;

namespace Dpfah.Engine.Models;

/// <summary>A stored model, without its tensors.</summary>
/// <param name="Id">Its number; the order in which models came.</param>
/// <param name="Description">What it is.</param>
/// <param name="Digest">Digest of the whole model, hex of SHA-256.</param>
/// <param name="CreatedAt">When it was stored, UTC.</param>
/// <param name="IsDefault">Whether collections start with it that name no model.</param>
public sealed record ModelRecord(int Id, ModelDescription Description, string Digest, DateTime CreatedAt, bool IsDefault);
