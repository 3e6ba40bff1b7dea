namespace Dpfah.Engine.Imports;

/// <summary>What an upload is.</summary>
public enum ImportFormat
{
    /// <summary>A zip archive of pictures.</summary>
    Zip,

    /// <summary>A tar archive of pictures.</summary>
    Tar,

    /// <summary>A tar archive, compressed by gzip.</summary>
    TarGzip,

    /// <summary>A JSON object a line, with the picture as base64 or its URL.</summary>
    Ndjson,

    /// <summary>Comma-separated rows with the pictures' URLs.</summary>
    Csv,
}
