namespace Dpfah.Engine.Auditing;

/// <summary>What the audit tells of.</summary>
public static class AuditActions
{
    /// <summary>A picture that was there got other labels, other metadata or other bytes.</summary>
    public const string PictureChanged = "picture-changed";

    /// <summary>A picture was deleted.</summary>
    public const string PictureDeleted = "picture-deleted";

    /// <summary>A collection was deleted with all its pictures, of which none has a line of its own.</summary>
    public const string CollectionDeleted = "collection-deleted";

    /// <summary>The codes of a collection are spread over the nodes in another way.</summary>
    public const string CollectionResharded = "collection-resharded";

    /// <summary>Another generation answers, with or without a gate that was forced or confirmed.</summary>
    public const string GenerationActivated = "generation-activated";

    /// <summary>A generation was deleted.</summary>
    public const string GenerationDeleted = "generation-deleted";

    /// <summary>A model that was made elsewhere was stored.</summary>
    public const string ModelImported = "model-imported";

    /// <summary>A model was deleted.</summary>
    public const string ModelDeleted = "model-deleted";

    /// <summary>A key was made.</summary>
    public const string KeyMade = "key-made";

    /// <summary>A key was revoked.</summary>
    public const string KeyRevoked = "key-revoked";

    /// <summary>An import was asked for. New pictures have no lines of their own; those that it changes or deletes have.</summary>
    public const string ImportBegun = "import-begun";

    /// <summary>What somebody had said of a hit was taken back.</summary>
    public const string FeedbackDeleted = "feedback-deleted";

    /// <summary>The mark of a pair as no duplicates was taken back.</summary>
    public const string NotDuplicateDeleted = "not-duplicate-deleted";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        PictureChanged, PictureDeleted, CollectionDeleted, CollectionResharded, GenerationActivated, GenerationDeleted, ModelImported, ModelDeleted, KeyMade, KeyRevoked, ImportBegun,
        FeedbackDeleted, NotDuplicateDeleted,
    ];
}
