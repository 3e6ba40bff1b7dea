using System.Formats.Tar;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Exports;

/// <summary>Writes a collection out, as it was at one moment, in the order of its item numbers.</summary>
/// <remarks>Rows are read a page at a time, so that memory does not grow with the collection.</remarks>
public sealed class Exporter
{
    /// <summary>Name of the manifest in an archive.</summary>
    public const string ManifestName = "manifest.ndjson";

    private const int RowsAtOnce = 1000;
    private const int PreviewsAtOnce = 100;

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Database database;
    private readonly EngineOptions options;

    internal Exporter(Database database, EngineOptions options) => (this.database, this.options) = (database, options);

    /// <summary>Writes a collection.</summary>
    /// <param name="collectionId">Number of the collection.</param>
    /// <param name="format">What is written.</param>
    /// <param name="open">Gives the stream to write to; called once it is known that there is something to write.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>False when there is no such collection any more; then nothing was written.</returns>
    /// <exception cref="IOException">The connection to the database was lost when a part was written already.</exception>
    public Task<bool> WriteAsync(int collectionId, ExportFormat format, Func<Stream> open, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(open);
        Stream? stream = null;
        return database.ReadAsync(
            async (context, token) =>
            {
                if (stream is not null)
                {
                    throw new IOException("The connection to the database was lost in the middle of the export.");
                }

                await using var snapshot = await database.BeginSnapshotAsync(context, token);
                int? generationId = await context.Generations.Where(g => g.CollectionId == collectionId && g.IsActive)
                    .Select(g => (int?)g.Id).SingleOrDefaultAsync(token);
                if (generationId is not { } active || !await context.Collections.AnyAsync(c => c.Id == collectionId && c.DeletedAt == null, token))
                {
                    return false;
                }

                var rows = new Rows(context, collectionId, active);
                stream = open();
                await (format switch
                {
                    ExportFormat.Npy => WriteNpyAsync(rows, stream, token),
                    ExportFormat.Archive => WriteArchiveAsync(rows, stream, token),
                    _ => WriteLinesAsync(rows, stream, WriteItem, token),
                });
                return true;
            },
            cancellationToken);
    }

    private static async Task WriteLinesAsync(Rows rows, Stream stream, Action<Utf8JsonWriter, Row> write, CancellationToken cancellationToken)
    {
        using var page = new MemoryStream();
        long last = 0;
        while (await rows.ReadAsync(last, RowsAtOnce, cancellationToken) is { Count: > 0 } read)
        {
            page.SetLength(0);
            foreach (Row row in read)
            {
                using (var line = new Utf8JsonWriter(page, Relaxed))
                {
                    write(line, row);
                }

                page.WriteByte((byte)'\n');
            }

            await stream.WriteAsync(page.GetBuffer().AsMemory(0, (int)page.Length), cancellationToken);
            last = read[^1].Item.Number;
        }
    }

    private static void WriteItem(Utf8JsonWriter line, Row row)
    {
        line.WriteStartObject();
        line.WriteString("id", row.Item.PublicId);
        WriteProperties(line, row.Item);
        line.WriteString("code", Convert.ToHexStringLower(row.Code));
        line.WriteString("signature", Convert.ToHexStringLower(row.Signature));
        line.WriteString("sha256", Convert.ToHexStringLower(row.Item.ContentDigest));
        line.WriteEndObject();
    }

    private static void WriteManifestLine(Utf8JsonWriter line, Row row)
    {
        line.WriteStartObject();
        line.WriteString("entry", EntryName(row.Item.Number));
        line.WriteString("id", row.Item.PublicId);
        WriteProperties(line, row.Item);
        line.WriteStartObject("preview");
        line.WriteString("decoder", row.Decoder);
        line.WriteString("sha256", Convert.ToHexStringLower(row.Item.ContentDigest));
        line.WriteEndObject();
        line.WriteEndObject();
    }

    private static void WriteProperties(Utf8JsonWriter line, Item item)
    {
        line.WriteStartArray("labels");
        foreach (string label in item.Labels)
        {
            line.WriteStringValue(label);
        }

        line.WriteEndArray();
        if (item.Metadata is not null)
        {
            line.WritePropertyName("metadata");
            line.WriteRawValue(item.Metadata, skipInputValidation: true);
        }
    }

    private static async Task WriteNpyAsync(Rows rows, Stream stream, CancellationToken cancellationToken)
    {
        (int count, int bits) = await rows.ShapeAsync(cancellationToken);
        await stream.WriteAsync(NpyFile.Header<byte>(count, bits), cancellationToken);
        long last = 0;
        while (await rows.ReadAsync(last, RowsAtOnce, cancellationToken) is { Count: > 0 } read)
        {
            byte[] values = [.. read.SelectMany(row => Enumerable.Range(0, bits).Select(bit => (byte)((row.Code[bit / 8] >> (bit % 8)) & 1)))];
            await stream.WriteAsync(values, cancellationToken);
            last = read[^1].Item.Number;
        }
    }

    private async Task WriteArchiveAsync(Rows rows, Stream stream, CancellationToken cancellationToken)
    {
        await using var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true);

        // A tar says how long a file is before its bytes come, and a manifest has a line for each picture: it is written to disk first.
        await using (FileStream manifest = TemporaryFile.Create(options.DataFolder))
        {
            await WriteLinesAsync(rows, manifest, WriteManifestLine, cancellationToken);
            manifest.Position = 0;
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, ManifestName) { DataStream = manifest }, cancellationToken);
        }

        long last = 0;
        while (await rows.ReadPreviewsAsync(last, PreviewsAtOnce, cancellationToken) is { Count: > 0 } read)
        {
            foreach (StoredPreview preview in read)
            {
                using var jpeg = new MemoryStream(preview.Jpeg, writable: false);
                await writer.WriteEntryAsync(
                    new PaxTarEntry(TarEntryType.RegularFile, EntryName(preview.ItemNumber)) { DataStream = jpeg }, cancellationToken);
            }

            last = read[^1].ItemNumber;
        }
    }

    /// <summary>Ids may hold anything that can be printed, and would lead out of a folder into which somebody unpacks them.</summary>
    private static string EntryName(long number) => $"previews/{number:000000000}.jpg";

    /// <summary>What one line tells.</summary>
    private sealed record Row(Item Item, string Decoder, byte[] Code, byte[] Signature);

    /// <summary>Pages of a collection's rows in one state of the database.</summary>
    private sealed class Rows(DpfahContext context, int collectionId, int generationId)
    {
        public Task<List<Row>> ReadAsync(long after, int most, CancellationToken cancellationToken) =>
            context.Items.Where(i => i.CollectionId == collectionId && i.Number > after)
                .Join(context.Codes.Where(c => c.GenerationId == generationId), i => i.Number, c => c.ItemNumber, (i, c) => new { i, c })
                .Join(context.Previews, x => x.i.Number, p => p.ItemNumber, (x, p) => new { x.i, x.c, p.Decoder })
                .OrderBy(x => x.i.Number).Take(most)
                .Select(x => new Row(x.i, x.Decoder, x.c.Code, x.c.Signature)).ToListAsync(cancellationToken);

        public Task<List<StoredPreview>> ReadPreviewsAsync(long after, int most, CancellationToken cancellationToken) =>
            context.Items.Where(i => i.CollectionId == collectionId && i.Number > after)
                .Join(context.Codes.Where(c => c.GenerationId == generationId), i => i.Number, c => c.ItemNumber, (i, c) => i)
                .Join(context.Previews, i => i.Number, p => p.ItemNumber, (i, p) => p)
                .OrderBy(p => p.ItemNumber).Take(most).ToListAsync(cancellationToken);

        public async Task<(int Count, int Bits)> ShapeAsync(CancellationToken cancellationToken)
        {
            IQueryable<StoredCode> codes = context.Codes.Where(c => c.GenerationId == generationId)
                .Join(context.Items.Where(i => i.CollectionId == collectionId), c => c.ItemNumber, i => i.Number, (c, i) => c);
            byte[]? first = await codes.OrderBy(c => c.ItemNumber).Select(c => c.Code).FirstOrDefaultAsync(cancellationToken);
            return (await codes.CountAsync(cancellationToken), 8 * (first?.Length ?? 0));
        }
    }
}
