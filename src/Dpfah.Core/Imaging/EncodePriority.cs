namespace Dpfah.Core.Imaging;

/// <summary>Who waits for a picture to be hashed.</summary>
public enum EncodePriority
{
    /// <summary>A caller: goes first, and is turned away when too many wait.</summary>
    Query,

    /// <summary>A job: goes when no query waits, and waits for its place.</summary>
    Background,
}
