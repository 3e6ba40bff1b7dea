namespace Dpfah.Engine.Imports;

/// <summary>Tells what an upload is: by its first bytes, and where those say nothing by what the sender calls it.</summary>
public static class ImportFormats
{
    /// <summary>Bytes from the start that are enough to tell.</summary>
    public const int HeadBytes = 512;

    private const int TarMagicOffset = 257;

    private static readonly Dictionary<string, ImportFormat> ByContentType = new(StringComparer.OrdinalIgnoreCase)
    {
        ["application/zip"] = ImportFormat.Zip,
        ["application/x-zip-compressed"] = ImportFormat.Zip,
        ["application/x-tar"] = ImportFormat.Tar,
        ["application/gzip"] = ImportFormat.TarGzip,
        ["application/x-gzip"] = ImportFormat.TarGzip,
        ["application/x-ndjson"] = ImportFormat.Ndjson,
        ["application/ndjson"] = ImportFormat.Ndjson,
        ["application/jsonl"] = ImportFormat.Ndjson,
        ["text/csv"] = ImportFormat.Csv,
    };

    /// <summary>The content types by which the formats are known.</summary>
    public static IReadOnlyCollection<string> ContentTypes => ByContentType.Keys;

    /// <summary>Tells the format.</summary>
    /// <param name="head">The first bytes, <see cref="HeadBytes"/> where there are as many.</param>
    /// <param name="contentType">The content type without parameters; null when none was given.</param>
    /// <returns>Null when neither says it.</returns>
    public static ImportFormat? Detect(ReadOnlySpan<byte> head, string? contentType)
    {
        if (head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8))
        {
            return ImportFormat.Zip;
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]))
        {
            return ImportFormat.TarGzip;
        }

        if (head.Length > TarMagicOffset && head[TarMagicOffset..].StartsWith("ustar"u8))
        {
            return ImportFormat.Tar;
        }

        if (contentType is not null && ByContentType.TryGetValue(contentType, out ImportFormat format))
        {
            // These two would have been known by their first bytes.
            return format is ImportFormat.Zip or ImportFormat.TarGzip ? null : format;
        }

        ReadOnlySpan<byte> text = head.TrimStart((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF, (byte)' ', (byte)'\t', (byte)'\r', (byte)'\n']);
        return text.StartsWith("{"u8) ? ImportFormat.Ndjson : null;
    }

    /// <summary>Whether bytes are the start of an archive or of a compressed file, which is no picture.</summary>
    public static bool IsArchive(ReadOnlySpan<byte> head) =>
        head.StartsWith("PK\x03\x04"u8)
        || head.StartsWith("PK\x05\x06"u8)
        || head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B])
        || head.StartsWith("BZh"u8)
        || head.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0])
        || head.StartsWith((ReadOnlySpan<byte>)[(byte)'7', (byte)'z', 0xBC, 0xAF])
        || head.StartsWith("Rar!"u8)
        || head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])
        || (head.Length > TarMagicOffset && head[TarMagicOffset..].StartsWith("ustar"u8));
}
