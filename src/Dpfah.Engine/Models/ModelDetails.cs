namespace Dpfah.Engine.Models;

/// <summary>A stored model with where it comes from.</summary>
/// <param name="Record">The model.</param>
/// <param name="Parent">Name of the model that it was trained from; null for none, or when that was deleted.</param>
/// <param name="JobId">The job that made it; null for a model that was brought along.</param>
/// <param name="Lineage">Data, code version and parameters of its training: a JSON object; null when that is not known.</param>
public sealed record ModelDetails(ModelRecord Record, string? Parent, long? JobId, string? Lineage);

/// <summary>What became of an import.</summary>
/// <param name="Model">The model as it is stored; null when it was refused.</param>
/// <param name="Created">Whether it is new.</param>
/// <param name="Refusal">What is wrong with the files, as a sentence; null when nothing is.</param>
public sealed record ModelImport(ModelDetails? Model, bool Created, string? Refusal)
{
    /// <summary>Whether the model that is stored under the name is another one.</summary>
    public bool IsOther { get; init; }

    internal static ModelImport Refused(string why) => new(null, false, why);
}

/// <summary>What became of a deletion.</summary>
/// <param name="Status">The outcome.</param>
/// <param name="Users">Collections that have codes of the model, or models that started from it.</param>
public sealed record ModelDeletion(ModelDeletionStatus Status, IReadOnlyList<string> Users);

/// <summary>Whether a model was deleted.</summary>
public enum ModelDeletionStatus
{
    /// <summary>It is gone.</summary>
    Deleted,

    /// <summary>There is none of that name.</summary>
    NoModel,

    /// <summary>Collections start with it.</summary>
    IsDefault,

    /// <summary>A generation of codes is of it.</summary>
    InUse,

    /// <summary>Other models started from it, and are judged by what it has seen.</summary>
    HasChildren,
}
