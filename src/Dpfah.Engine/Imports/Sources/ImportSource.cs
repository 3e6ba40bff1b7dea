using System.Runtime.CompilerServices;

namespace Dpfah.Engine.Imports.Sources;

/// <summary>Reads an upload of any format.</summary>
internal static class ImportSource
{
    /// <summary>Reads the entries, each id once: what comes again under an id is rejected.</summary>
    /// <param name="stream">Seekable; not closed.</param>
    /// <param name="format">What it is.</param>
    /// <param name="labels">Where the labels of an archive's pictures come from.</param>
    /// <param name="ids">Takes the ids that are read.</param>
    /// <param name="isSkipped">Asked for each entry, by its number from 0, in their order: whether its bytes are not wanted. It is told without bytes.</param>
    /// <param name="folder">An existing folder on a disk with room for what an archive's manifest says.</param>
    /// <param name="limits">Limits.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="InvalidDataException">The upload cannot be read, or no further; the message is a sentence.</exception>
    public static async IAsyncEnumerable<ImportEntry> ReadAsync(
        Stream stream,
        ImportFormat format,
        LabelSource labels,
        IdSet ids,
        Func<long, bool> isSkipped,
        string folder,
        ImportLimits limits,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        stream.Position = 0;
        IAsyncEnumerable<ImportEntry> entries = format switch
        {
            ImportFormat.Zip => ZipSource.ReadAsync(stream, labels, isSkipped, folder, limits, cancellationToken),
            ImportFormat.Tar or ImportFormat.TarGzip =>
                TarSource.ReadAsync(stream, format == ImportFormat.TarGzip, labels, isSkipped, folder, limits, cancellationToken),
            ImportFormat.Ndjson => NdjsonSource.ReadAsync(stream, limits, cancellationToken),
            _ => CsvSource.ReadAsync(stream, limits, cancellationToken),
        };
        await foreach (ImportEntry entry in entries.WithCancellation(cancellationToken))
        {
            yield return entry.Id is null || ids.Add(entry.Id) || entry.Rejection is not null
                ? entry
                : ImportEntry.Rejected(entry.Item, entry.Id, RejectionCodes.DuplicateId, "The id came before in this upload; the first one counts.");
        }
    }
}
