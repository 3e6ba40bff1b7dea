using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Imports;

/// <summary>Stable codes of rejected entries.</summary>
internal static class RejectionCodes
{
    /// <summary>A path that leads out of the archive, or is absolute.</summary>
    public const string UnsafeName = "unsafe-name";

    /// <summary>A symbolic or hard link.</summary>
    public const string Link = "link";

    /// <summary>A device, a pipe, or another thing that is no file.</summary>
    public const string SpecialFile = "special-file";

    /// <summary>An archive in the archive.</summary>
    public const string NestedArchive = "nested-archive";

    /// <summary>Encrypted.</summary>
    public const string Encrypted = "encrypted";

    /// <summary>More bytes than a picture may have.</summary>
    public const string TooLarge = "too-large";

    /// <summary>Other bytes than the archive says: size, checksum or compression are wrong.</summary>
    public const string Damaged = "damaged";

    /// <summary>The id came before in the same upload.</summary>
    public const string DuplicateId = "duplicate-id";

    /// <summary>The id is not valid.</summary>
    public const string BadId = "bad-id";

    /// <summary>Labels or metadata are not valid.</summary>
    public const string BadProperties = "bad-properties";

    /// <summary>A line that cannot be read.</summary>
    public const string BadLine = "bad-line";

    /// <summary>The manifest names an entry that is not there.</summary>
    public const string MissingEntry = "missing-entry";

    /// <summary>The picture could not be fetched.</summary>
    public const string NotFetched = "not-fetched";

    /// <summary>The service's process was lost each time that it was at work on it.</summary>
    public const string LostProcess = "lost-process";

    /// <summary>It is called a preview and is none.</summary>
    public const string NotAPreview = "not-a-preview";

    /// <summary>The collection has as many pictures as it may.</summary>
    public const string QuotaExceeded = "quota-exceeded";

    private const string NotAnImage = "not-an-image";
    private const string TooManyPixels = "too-many-pixels";
    private const string Undecodable = "undecodable";

    /// <summary>The code of a picture that was not accepted.</summary>
    public static string Of(ImageRejection rejection) => rejection switch
    {
        ImageRejection.NotAnImage => NotAnImage,
        ImageRejection.TooManyPixels => TooManyPixels,
        ImageRejection.EndedDecoder => "ended-decoder",
        ImageRejection.TooSlow => "decoding-too-slow",
        _ => Undecodable,
    };

    /// <summary>
    /// Whether a refusal of what was prepared holds on any node: not what a host would not send to one node, nor what took too long or too much memory
    /// on one.
    /// </summary>
    public static bool FollowsFromBytes(string code) => code is NotAnImage or TooManyPixels or Undecodable or NotAPreview;
}
