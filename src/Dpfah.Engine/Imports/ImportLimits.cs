namespace Dpfah.Engine.Imports;

/// <summary>What an upload may hold. The values are those of the service; tests take smaller ones.</summary>
public sealed record ImportLimits
{
    /// <summary>The limits of the service.</summary>
    public static readonly ImportLimits Default = new();

    /// <summary>Most bytes of a picture: 20 MiB, as for a single upload.</summary>
    public int PictureBytes { get; init; } = 20 << 20;

    /// <summary>Most bytes of a line of NDJSON: a picture of the largest size as base64, with labels and metadata.</summary>
    public int LineBytes { get; init; } = 28 << 20;

    /// <summary>Most characters of a row of CSV, and bytes of a line of a manifest: all of a picture but itself.</summary>
    public int RowCharacters { get; init; } = 128 << 10;

    /// <summary>Bytes that the manifest of any archive may have, however small that is: 256 MiB.</summary>
    public long ManifestFloor { get; init; } = 256 << 20;

    /// <summary>Most lines of a manifest with an entry: 10 million, which take 160 MB of memory while the archive is read, at times 480 MB.</summary>
    public int ManifestLines { get; init; } = 10_000_000;

    /// <summary>Most bytes of a zip's directory: 256 MiB, room for more than a million entries.</summary>
    public long DirectoryBytes { get; init; } = 256 << 20;

    /// <summary>Most bytes of what describes one entry of a tar.</summary>
    public int HeaderBytes { get; init; } = 1 << 20;

    /// <summary>How many times its own size an archive may unpack to; pictures are hardly compressed.</summary>
    public int Expansion { get; init; } = 100;

    /// <summary>Bytes that any archive may unpack to, however small it is: 1 GiB.</summary>
    public long ExpansionFloor { get; init; } = 1L << 30;

    /// <summary>
    /// Bytes that the manifest of an archive of a size may have: as many as the archive, so that every export can be imported again. Most
    /// of one may be the metadata in the manifest, beside which previews are small.
    /// </summary>
    public long LongestManifest(long archiveBytes) => Math.Max(ManifestFloor, archiveBytes);

    /// <summary>Bytes that an archive of a size may unpack to.</summary>
    public long UnpackedBytes(long archiveBytes) => Math.Max(ExpansionFloor, archiveBytes * Expansion);
}
