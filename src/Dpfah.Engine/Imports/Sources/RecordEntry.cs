namespace Dpfah.Engine.Imports.Sources;

/// <summary>From a line or a row to an entry.</summary>
internal static class RecordEntry
{
    /// <summary>What a rejection names when the line has no id that can be read.</summary>
    public static string LineItem(long line) => $"line {line}";

    /// <summary>The entry of a line.</summary>
    /// <param name="record">What the line says; null when it is not valid.</param>
    /// <param name="id">The id, where it could be read.</param>
    /// <param name="problem">What is wrong with the line, as a sentence.</param>
    /// <param name="line">Its number, from 1.</param>
    /// <param name="limits">Limits.</param>
    public static ImportEntry Of(ImportRecord? record, string? id, string? problem, long line, ImportLimits limits)
    {
        string item = id ?? LineItem(line);
        problem ??= record!.Id is null ? "It has no 'id'."
            : record.Image is null == record.Url is null ? "It has either 'image', the picture as base64, or 'url', where to fetch it."
            : null;
        if (problem is not null)
        {
            return ImportEntry.Rejected(item, id, RejectionCodes.BadLine, $"Line {line}: {problem}");
        }

        if (record!.Image?.Length > limits.PictureBytes)
        {
            return ImportEntry.Rejected(
                item, id, RejectionCodes.TooLarge, $"The picture has {record.Image.Length:N0} bytes; at most {limits.PictureBytes:N0} are accepted.");
        }

        return record.Image is not null && ImportFormats.IsArchive(record.Image)
            ? ImportEntry.Rejected(item, id, RejectionCodes.NestedArchive, "The picture is an archive; import it on its own.")
            : new ImportEntry
            {
                Item = item,
                Id = id,
                Bytes = record.Image,
                Url = record.Url,
                Labels = record.Labels,
                Metadata = record.Metadata,
            };
    }
}
