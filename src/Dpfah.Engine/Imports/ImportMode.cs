namespace Dpfah.Engine.Imports;

/// <summary>What becomes of pictures that are in the collection and not in the upload.</summary>
public enum ImportMode
{
    /// <summary>They stay.</summary>
    Merge,

    /// <summary>They are deleted, once all of the upload was read.</summary>
    Replace,
}
