using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace Dpfah.Engine.Imports.Sources;

/// <summary>Reads pictures out of a tar, compressed by gzip or not, in its order.</summary>
internal static class TarSource
{
    /// <summary>Reads the entries; twice where a manifest is to be found first.</summary>
    /// <param name="stream">Seekable; not closed.</param>
    /// <param name="compressed">Whether it is compressed by gzip.</param>
    /// <param name="labels">Where labels come from.</param>
    /// <param name="isSkipped">Asked for each entry, by its number from 0, in their order: whether its bytes are not wanted.</param>
    /// <param name="folder">An existing folder on a disk with room for what the manifest says.</param>
    /// <param name="limits">Limits.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="InvalidDataException">The archive cannot be read, or no further.</exception>
    public static async IAsyncEnumerable<ImportEntry> ReadAsync(
        Stream stream,
        bool compressed,
        LabelSource labels,
        Func<long, bool> isSkipped,
        string folder,
        ImportLimits limits,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using ArchiveManifest? manifest = labels is LabelSource.Auto or LabelSource.Manifest
            ? await FindManifestAsync(stream, compressed, labels, folder, limits, cancellationToken)
            : null;
        var entries = new ArchiveEntries(manifest, labels, stream.Length, limits);
        long number = 0;
        await using GZipStream? gzip = Unzip(stream, compressed);
        GuardedStream guarded = Guard(gzip, stream, limits);
        await using var reader = new TarReader(guarded, leaveOpen: true);
        while (await NextAsync(reader, cancellationToken) is { } file)
        {
            guarded.BeginHeader();
            if (entries.Begin(file.Name, KindOf(file), file.Length) is not { } entry)
            {
                continue;
            }

            ImportEntry read = entry.Rejection is not null || isSkipped(number) ? entry : await ReadEntryAsync(file, entry, entries, cancellationToken);
            guarded.BeginHeader();
            yield return read;
            number++;
        }

        if (!guarded.EndsWithZeroBlock)
        {
            throw new InvalidDataException("The archive ends without the mark of its end.");
        }

        foreach (ImportEntry missing in entries.Missing())
        {
            yield return missing;
        }
    }

    private static async Task<ArchiveManifest?> FindManifestAsync(
        Stream stream, bool compressed, LabelSource labels, string folder, ImportLimits limits, CancellationToken cancellationToken)
    {
        await using GZipStream? gzip = Unzip(stream, compressed);
        GuardedStream guarded = Guard(gzip, stream, limits);
        await using var reader = new TarReader(guarded, leaveOpen: true);
        while (true)
        {
            TarEntry? file;
            try
            {
                file = await NextAsync(reader, cancellationToken);
            }
            catch (InvalidDataException) when (labels == LabelSource.Auto)
            {
                // The second reading tells of the damage, behind what is whole.
                return null;
            }

            if (file is null)
            {
                return labels == LabelSource.Manifest
                    ? throw new InvalidDataException($"The archive has no manifest: {string.Join(" or ", EntryName.Manifests)} in its root.")
                    : null;
            }

            if (EntryName.Manifests.Contains(EntryName.Normalize(file.Name)) && KindOf(file) == EntryKind.File)
            {
                return await ArchiveManifest.ReadAsync(
                    file.DataStream ?? Stream.Null, EntryName.Normalize(file.Name), stream.Length, folder, limits, cancellationToken);
            }
        }
    }

    private static GZipStream? Unzip(Stream stream, bool compressed)
    {
        stream.Position = 0;
        return compressed ? new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true) : null;
    }

    private static GuardedStream Guard(GZipStream? gzip, Stream stream, ImportLimits limits)
    {
        // What is skipped is unpacked too.
        long most = gzip is null ? long.MaxValue : limits.UnpackedBytes(stream.Length);
        return new GuardedStream(gzip ?? stream, most, limits.HeaderBytes, ArchiveEntries.TooMuch(stream.Length, most));
    }

    /// <summary>Goes to the next entry.</summary>
    /// <exception cref="InvalidDataException">There is none that can be read.</exception>
    private static async Task<TarEntry?> NextAsync(TarReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.GetNextEntryAsync(copyData: false, cancellationToken);
        }
        catch (Exception error) when (error is EndOfStreamException or FormatException or OverflowException or ArgumentException or InvalidOperationException)
        {
            throw new InvalidDataException(
                error is EndOfStreamException ? "The archive ends in the middle." : $"A header of the archive is damaged: {error.Message}", error);
        }
    }

    private static EntryKind KindOf(TarEntry file) => file.EntryType switch
    {
        TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => EntryKind.File,
        TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes => EntryKind.Folder,
        TarEntryType.SymbolicLink or TarEntryType.HardLink => EntryKind.Link,
        _ => EntryKind.Special,
    };

    private static async Task<ImportEntry> ReadEntryAsync(
        TarEntry file, ImportEntry entry, ArchiveEntries entries, CancellationToken cancellationToken)
    {
        byte[] bytes = file.DataStream is { } data ? await EntryBytes.ReadAsync(data, file.Length, cancellationToken) : [];
        return bytes.Length == file.Length
            ? entries.End(entry, bytes)
            : throw new InvalidDataException($"The archive ends in the middle of the entry '{entry.Item}'.");
    }
}
