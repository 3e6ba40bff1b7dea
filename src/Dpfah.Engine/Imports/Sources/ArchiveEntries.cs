using Dpfah.Engine.Catalogue;

namespace Dpfah.Engine.Imports.Sources;

/// <summary>What zip and tar have in common: what is taken of an entry, and what is said of one that is not taken.</summary>
internal sealed class ArchiveEntries(ArchiveManifest? manifest, LabelSource labels, long archiveBytes, ImportLimits limits)
{
    private readonly long mostUnpacked = limits.UnpackedBytes(archiveBytes);
    private long unpacked;

    /// <summary>What there is to say of an entry before its bytes are read.</summary>
    /// <param name="rawPath">Its path as it stands in the archive.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="bytes">How many bytes it claims to have.</param>
    /// <returns>Null for what is not counted; a rejected entry; or an entry whose bytes are to be read.</returns>
    public ImportEntry? Begin(string rawPath, EntryKind kind, long bytes)
    {
        string path = EntryName.Normalize(rawPath);
        if (kind == EntryKind.Folder || path.EndsWith('/') || EntryName.IsJunk(path) || EntryName.Manifests.Contains(path))
        {
            return null;
        }

        if (EntryName.IsUnsafe(path))
        {
            return ImportEntry.Rejected(
                Shown(rawPath), null, RejectionCodes.UnsafeName, "The path is absolute or leads out of the archive.");
        }

        ImportRecord? record = manifest?.Find(path);
        string id = record?.Id ?? path;
        if (CatalogueRules.CheckId(id) is { } wrongId)
        {
            return ImportEntry.Rejected(Shown(rawPath), null, RejectionCodes.BadId, wrongId);
        }

        (string Code, string Reason)? problem = kind switch
        {
            EntryKind.Link => (RejectionCodes.Link, "The entry is a link."),
            EntryKind.Special => (RejectionCodes.SpecialFile, "The entry is no file."),
            EntryKind.Encrypted => (RejectionCodes.Encrypted, "The entry is encrypted."),
            _ when bytes > limits.PictureBytes =>
                (RejectionCodes.TooLarge, $"The entry has {bytes:N0} bytes; a picture has at most {limits.PictureBytes:N0}."),
            _ => null,
        };
        if (problem is var (code, reason))
        {
            return ImportEntry.Rejected(id, id, code, reason);
        }

        string[] folder = manifest is null && labels is LabelSource.Auto or LabelSource.Folders && EntryName.Folder(path) is { } name ? [name] : [];
        return CatalogueRules.CheckLabels(folder) is { } wrongLabel
            ? ImportEntry.Rejected(id, id, RejectionCodes.BadProperties, wrongLabel)
            : new ImportEntry
            {
                Item = id,
                Id = id,
                Labels = record?.Labels ?? folder,
                Metadata = record?.Metadata,
                Preview = record?.Preview,
            };
    }

    /// <summary>Adds the bytes that were read, or says what is wrong with them.</summary>
    /// <exception cref="InvalidDataException">The archive unpacks to more than an archive of pictures can.</exception>
    public ImportEntry End(ImportEntry entry, byte[] bytes)
    {
        Count(bytes.Length);
        return ImportFormats.IsArchive(bytes)
            ? ImportEntry.Rejected(
                entry.Item, entry.Id, RejectionCodes.NestedArchive, "The entry is an archive itself; unpack it, or import it on its own.")
            : entry with { Bytes = bytes };
    }

    /// <summary>Counts bytes that were unpacked, also those that were of no use.</summary>
    /// <exception cref="InvalidDataException">The archive unpacks to more than an archive of pictures can.</exception>
    public void Count(long bytes)
    {
        unpacked += bytes;
        if (unpacked > mostUnpacked)
        {
            throw new InvalidDataException(TooMuch(archiveBytes, mostUnpacked));
        }
    }

    /// <summary>What is said of an archive that unpacks to too much.</summary>
    public static string TooMuch(long archiveBytes, long most) =>
        $"The archive of {archiveBytes:N0} bytes unpacks to more than {most:N0} bytes, which pictures do not.";

    /// <summary>Entries that the manifest names and the archive lacks.</summary>
    public IEnumerable<ImportEntry> Missing() => manifest is null
        ? []
        : manifest.Missing.Select(missing => ImportEntry.Rejected(
            missing.Record.Id ?? missing.Record.Entry!,
            missing.Record.Id ?? missing.Record.Entry,
            RejectionCodes.MissingEntry,
            $"{manifest.Name}, line {missing.Line:N0}, names the entry '{missing.Record.Entry}', which the archive does not have."));

    /// <summary>A path that is not trusted, fit to be shown.</summary>
    private static string Shown(string path)
    {
        string safe = string.Concat(path.Take(256).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c));
        return safe.Length == 0 ? "(no name)" : safe;
    }
}
