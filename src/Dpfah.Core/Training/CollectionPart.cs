namespace Dpfah.Core.Training;

/// <summary>What a picture of a collection is used for when a model is trained on the collection.</summary>
public enum CollectionPart
{
    /// <summary>The model is trained, or fitted, on it.</summary>
    Train,

    /// <summary>The model is measured on it while it is trained, to see how the training goes.</summary>
    Validation,

    /// <summary>It is searched with when the finished model is measured.</summary>
    Query,

    /// <summary>It is searched in then; the model has not seen it.</summary>
    Database,
}
