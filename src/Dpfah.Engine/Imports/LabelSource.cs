namespace Dpfah.Engine.Imports;

/// <summary>Where the labels of an archive's pictures come from.</summary>
public enum LabelSource
{
    /// <summary>From the manifest where the archive has one, else from the folders.</summary>
    Auto,

    /// <summary>From the name of the folder in which a picture lies; a manifest is not looked at.</summary>
    Folders,

    /// <summary>From the manifest; an archive without one is refused.</summary>
    Manifest,

    /// <summary>None; a manifest is not looked at.</summary>
    None,
}
