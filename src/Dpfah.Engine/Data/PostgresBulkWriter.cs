using Dpfah.Core.Imaging;
using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Dpfah.Engine.Data;

/// <summary>Inserts many items or codes by binary COPY, on the connection and in the transaction of a context.</summary>
internal static class PostgresBulkWriter
{
    private const string Items =
        "COPY items (number, collection_id, public_id, labels, metadata, content_digest, version, created_at, updated_at) FROM STDIN (FORMAT BINARY)";

    private const string Previews = "COPY previews (item_number, jpeg, width, height, decoder) FROM STDIN (FORMAT BINARY)";
    private const string Codes = "COPY codes (generation_id, item_number, code, signature) FROM STDIN (FORMAT BINARY)";
    private const string Changes =
        "COPY changes (collection_id, generation_id, item_number, kind, digest_delta, count_delta, created_at) FROM STDIN (FORMAT BINARY)";

    public static async Task InsertAsync(DpfahContext context, IReadOnlyList<NewItem> items, CancellationToken cancellationToken)
    {
        List<long> numbers = await context.Database
            .SqlQuery<long>($"SELECT nextval(pg_get_serial_sequence('items', 'number')) AS \"Value\" FROM generate_series(1, {items.Count})")
            .ToListAsync(cancellationToken);
        numbers.Sort();
        for (int i = 0; i < items.Count; i++)
        {
            items[i].Item.Number = numbers[i];
        }

        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        await CopyAsync(connection, Items, items, WriteItemAsync, cancellationToken);
        await CopyAsync(connection, Previews, items, WritePreviewAsync, cancellationToken);
        (NewItem Item, int GenerationId, ImageCode Code)[] codes =
            [.. items.SelectMany(item => item.Codes, (item, code) => (item, code.GenerationId, code.Code))];
        await CopyAsync(connection, Codes, codes, WriteCodeAsync, cancellationToken);
        await CopyAsync(connection, Changes, codes, WriteChangeAsync, cancellationToken);
    }

    /// <summary>Inserts codes of items that are there.</summary>
    public static Task InsertCodesAsync(DpfahContext context, IReadOnlyList<StoredCode> codes, CancellationToken cancellationToken) => CopyAsync(
        (NpgsqlConnection)context.Database.GetDbConnection(),
        Codes,
        codes,
        (row, code, token) => WriteCodeAsync(row, code.GenerationId, code.ItemNumber, code.Code, code.Signature, token),
        cancellationToken);

    private static async Task CopyAsync<T>(
        NpgsqlConnection connection,
        string command,
        IEnumerable<T> rows,
        Func<NpgsqlBinaryImporter, T, CancellationToken, Task> write,
        CancellationToken cancellationToken)
    {
        await using NpgsqlBinaryImporter importer = await connection.BeginBinaryImportAsync(command, cancellationToken);
        foreach (T row in rows)
        {
            await importer.StartRowAsync(cancellationToken);
            await write(importer, row, cancellationToken);
        }

        await importer.CompleteAsync(cancellationToken);
    }

    private static async Task WriteItemAsync(NpgsqlBinaryImporter row, NewItem added, CancellationToken cancellationToken)
    {
        Item item = added.Item;
        await row.WriteAsync(item.Number, NpgsqlDbType.Bigint, cancellationToken);
        await row.WriteAsync(item.CollectionId, NpgsqlDbType.Integer, cancellationToken);
        await row.WriteAsync(item.PublicId, NpgsqlDbType.Text, cancellationToken);
        await row.WriteAsync(item.Labels, NpgsqlDbType.Array | NpgsqlDbType.Text, cancellationToken);
        if (item.Metadata is null)
        {
            await row.WriteNullAsync(cancellationToken);
        }
        else
        {
            await row.WriteAsync(item.Metadata, NpgsqlDbType.Text, cancellationToken);
        }

        await row.WriteAsync(item.ContentDigest, NpgsqlDbType.Bytea, cancellationToken);
        await row.WriteAsync(item.Version, NpgsqlDbType.Bigint, cancellationToken);
        await row.WriteAsync(item.CreatedAt, NpgsqlDbType.TimestampTz, cancellationToken);
        await row.WriteAsync(item.UpdatedAt, NpgsqlDbType.TimestampTz, cancellationToken);
    }

    private static async Task WritePreviewAsync(NpgsqlBinaryImporter row, NewItem added, CancellationToken cancellationToken)
    {
        await row.WriteAsync(added.Item.Number, NpgsqlDbType.Bigint, cancellationToken);
        await row.WriteAsync(added.Preview.Jpeg, NpgsqlDbType.Bytea, cancellationToken);
        await row.WriteAsync(added.Preview.Width, NpgsqlDbType.Integer, cancellationToken);
        await row.WriteAsync(added.Preview.Height, NpgsqlDbType.Integer, cancellationToken);
        await row.WriteAsync(added.Preview.Decoder, NpgsqlDbType.Text, cancellationToken);
    }

    private static Task WriteCodeAsync(
        NpgsqlBinaryImporter row, (NewItem Item, int GenerationId, ImageCode Code) added, CancellationToken cancellationToken) => WriteCodeAsync(
        row, added.GenerationId, added.Item.Item.Number, added.Code.Code.ToBytes(), added.Code.Signature.ToBytes(), cancellationToken);

    private static async Task WriteCodeAsync(
        NpgsqlBinaryImporter row, int generationId, long itemNumber, byte[] code, byte[] signature, CancellationToken cancellationToken)
    {
        await row.WriteAsync(generationId, NpgsqlDbType.Integer, cancellationToken);
        await row.WriteAsync(itemNumber, NpgsqlDbType.Bigint, cancellationToken);
        await row.WriteAsync(code, NpgsqlDbType.Bytea, cancellationToken);
        await row.WriteAsync(signature, NpgsqlDbType.Bytea, cancellationToken);
    }

    private static async Task WriteChangeAsync(
        NpgsqlBinaryImporter row, (NewItem Item, int GenerationId, ImageCode Code) added, CancellationToken cancellationToken)
    {
        Item item = added.Item.Item;
        await row.WriteAsync(item.CollectionId, NpgsqlDbType.Integer, cancellationToken);
        await row.WriteAsync(added.GenerationId, NpgsqlDbType.Integer, cancellationToken);
        await row.WriteAsync(item.Number, NpgsqlDbType.Bigint, cancellationToken);
        await row.WriteAsync((short)ChangeKind.Put, NpgsqlDbType.Smallint, cancellationToken);
        await row.WriteAsync(added.Item.DigestOf(added.Code), NpgsqlDbType.Bigint, cancellationToken);
        await row.WriteAsync(1, NpgsqlDbType.Integer, cancellationToken);
        await row.WriteAsync(item.CreatedAt, NpgsqlDbType.TimestampTz, cancellationToken);
    }
}
