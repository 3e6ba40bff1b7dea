using Dpfah.Core.Imaging;

namespace Dpfah.Cli;

/// <summary>A file and its code, or why it has none; as JSON it is a line of <c>dpfah encode --json</c>.</summary>
internal sealed record HashedFile
{
    /// <summary>Path as it was given.</summary>
    public required string File { get; init; }

    /// <summary>Code in hex; null for a failure.</summary>
    public string? Code { get; private init; }

    /// <summary>Signature in hex; null for a failure.</summary>
    public string? Signature { get; private init; }

    /// <summary><c>notAnImage</c>, <c>undecodable</c>, <c>tooManyPixels</c> or <c>unreadable</c>; null for a success.</summary>
    public string? Error { get; private init; }

    /// <summary>The failure as a sentence; null for a success.</summary>
    public string? Detail { get; private init; }

    public static HashedFile Done(string path, ImageCode code) =>
        new() { File = path, Code = code.Code.ToString(), Signature = code.Signature.ToString() };

    public static HashedFile Failed(string path, string error, string detail) => new() { File = path, Error = error, Detail = detail };
}
