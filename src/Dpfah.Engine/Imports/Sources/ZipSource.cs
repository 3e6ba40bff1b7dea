using System.IO.Compression;
using System.IO.Hashing;
using System.Runtime.CompilerServices;

namespace Dpfah.Engine.Imports.Sources;

/// <summary>Reads pictures out of a zip, in the order of its directory.</summary>
internal static class ZipSource
{
    private const int UnixTypeShift = 16;
    private const int UnixTypeMask = 0xF000;
    private const int UnixFile = 0x8000;
    private const int UnixFolder = 0x4000;
    private const int UnixLink = 0xA000;

    /// <summary>Reads the entries.</summary>
    /// <param name="stream">Seekable; not closed.</param>
    /// <param name="labels">Where labels come from.</param>
    /// <param name="isSkipped">Asked for each entry, by its number from 0, in their order: whether its bytes are not wanted.</param>
    /// <param name="folder">An existing folder on a disk with room for what the manifest says.</param>
    /// <param name="limits">Limits.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="InvalidDataException">The archive cannot be read, or no further.</exception>
    public static async IAsyncEnumerable<ImportEntry> ReadAsync(
        Stream stream, LabelSource labels, Func<long, bool> isSkipped, string folder, ImportLimits limits, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The library makes an object of each entry of the directory, and the directory says how many there are.
        var guarded = new GuardedStream(
            stream, limits.DirectoryBytes, int.MaxValue, $"The archive's directory has more than {limits.DirectoryBytes:N0} bytes.");
        await using ZipArchive archive = await ZipArchive.CreateAsync(guarded, ZipArchiveMode.Read, leaveOpen: true, null, cancellationToken);
        IReadOnlyCollection<ZipArchiveEntry> directory = archive.Entries;
        guarded.Allow(long.MaxValue / 2);

        using ArchiveManifest? manifest = await FindManifestAsync(directory, labels, stream.Length, folder, limits, cancellationToken);
        var entries = new ArchiveEntries(manifest, labels, stream.Length, limits);
        long number = 0;
        foreach (ZipArchiveEntry file in directory)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (entries.Begin(file.FullName, KindOf(file), file.Length) is not { } entry)
            {
                continue;
            }

            yield return entry.Rejection is not null || isSkipped(number)
                ? entry
                : await ReadEntryAsync(file, entry, entries, limits, cancellationToken);
            number++;
        }

        foreach (ImportEntry missing in entries.Missing())
        {
            yield return missing;
        }
    }

    private static async Task<ArchiveManifest?> FindManifestAsync(
        IEnumerable<ZipArchiveEntry> directory, LabelSource labels, long archiveBytes, string folder, ImportLimits limits, CancellationToken cancellationToken)
    {
        ZipArchiveEntry? file = labels is LabelSource.Auto or LabelSource.Manifest
            ? directory.FirstOrDefault(entry => EntryName.Manifests.Contains(EntryName.Normalize(entry.FullName)))
            : null;
        if (file is null)
        {
            return labels == LabelSource.Manifest
                ? throw new InvalidDataException($"The archive has no manifest: {string.Join(" or ", EntryName.Manifests)} in its root.")
                : null;
        }

        await using Stream bytes = await file.OpenAsync(cancellationToken);
        return await ArchiveManifest.ReadAsync(bytes, EntryName.Normalize(file.FullName), archiveBytes, folder, limits, cancellationToken);
    }

    private static EntryKind KindOf(ZipArchiveEntry file)
    {
        if (file.FullName.EndsWith('/') || file.FullName.EndsWith('\\'))
        {
            return EntryKind.Folder;
        }

        // Zero where the archive was not made on a Unix.
        int type = (file.ExternalAttributes >> UnixTypeShift) & UnixTypeMask;
        return type switch
        {
            UnixLink => EntryKind.Link,
            UnixFolder => EntryKind.Folder,
            not 0 and not UnixFile => EntryKind.Special,
            _ => file.IsEncrypted ? EntryKind.Encrypted : EntryKind.File,
        };
    }

    private static async Task<ImportEntry> ReadEntryAsync(
        ZipArchiveEntry file, ImportEntry entry, ArchiveEntries entries, ImportLimits limits, CancellationToken cancellationToken)
    {
        string problem;
        try
        {
            await using Stream packed = await file.OpenAsync(cancellationToken);
            byte[] bytes = await EntryBytes.ReadAsync(packed, file.Length, cancellationToken);
            if (bytes.Length == file.Length && Crc32.HashToUInt32(bytes) == file.Crc32)
            {
                return entries.End(entry, bytes);
            }

            entries.Count(bytes.Length);
            problem = bytes.Length == file.Length
                ? "The entry's bytes do not match its checksum"
                : $"The entry does not have the {file.Length:N0} bytes that the archive says";
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or NotSupportedException)
        {
            // Each entry is found by the directory, so that the next ones may well be whole. What it was unpacked to counts
            // as what it says, at the most: the library stops there.
            entries.Count(file.Length);
            problem = error.Message.TrimEnd('.');
        }

        return ImportEntry.Rejected(entry.Item, entry.Id, RejectionCodes.Damaged, $"{problem}: it is damaged, or packed in an unknown way.");
    }
}
