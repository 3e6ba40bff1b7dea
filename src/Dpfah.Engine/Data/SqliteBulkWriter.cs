using System.Text.Json;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Data.Entities;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Dpfah.Engine.Data;

/// <summary>Inserts many items or codes by prepared statements, on the connection and in the transaction of a context.</summary>
internal static class SqliteBulkWriter
{
    private const string InsertCode = "INSERT INTO codes (generation_id, item_number, code, signature) VALUES ($0, $1, $2, $3)";

    public static void Insert(DpfahContext context, IReadOnlyList<NewItem> items)
    {
        using SqliteCommand item = Prepare(
            context,
            "INSERT INTO items (collection_id, public_id, labels, metadata, content_digest, version, created_at, updated_at) "
            + "VALUES ($0, $1, $2, $3, $4, $5, $6, $7) RETURNING number",
            8);
        using SqliteCommand preview = Prepare(
            context, "INSERT INTO previews (item_number, jpeg, width, height, decoder) VALUES ($0, $1, $2, $3, $4)", 5);
        using SqliteCommand code = Prepare(context, InsertCode, 4);
        using SqliteCommand change = Prepare(
            context,
            "INSERT INTO changes (collection_id, generation_id, item_number, kind, digest_delta, count_delta, created_at) "
            + "VALUES ($0, $1, $2, $3, $4, $5, $6)",
            7);
        foreach (NewItem added in items)
        {
            Item row = added.Item;
            Bind(
                item,
                row.CollectionId,
                row.PublicId,
                JsonSerializer.Serialize(row.Labels),
                (object?)row.Metadata ?? DBNull.Value,
                row.ContentDigest,
                row.Version,
                row.CreatedAt,
                row.UpdatedAt);
            row.Number = (long)item.ExecuteScalar()!;
            Bind(preview, row.Number, added.Preview.Jpeg, added.Preview.Width, added.Preview.Height, added.Preview.Decoder);
            preview.ExecuteNonQuery();
            foreach ((int generationId, ImageCode made) in added.Codes)
            {
                Bind(code, generationId, row.Number, made.Code.ToBytes(), made.Signature.ToBytes());
                code.ExecuteNonQuery();
                Bind(change, row.CollectionId, generationId, row.Number, (int)ChangeKind.Put, added.DigestOf(made), 1, row.CreatedAt);
                change.ExecuteNonQuery();
            }
        }
    }

    /// <summary>Inserts codes of items that are there.</summary>
    public static void InsertCodes(DpfahContext context, IReadOnlyList<StoredCode> codes)
    {
        using SqliteCommand insert = Prepare(context, InsertCode, 4);
        foreach (StoredCode code in codes)
        {
            Bind(insert, code.GenerationId, code.ItemNumber, code.Code, code.Signature);
            insert.ExecuteNonQuery();
        }
    }

    private static SqliteCommand Prepare(DpfahContext context, string text, int parameters)
    {
        SqliteCommand command = ((SqliteConnection)context.Database.GetDbConnection()).CreateCommand();
        (command.CommandText, command.Transaction) = (text, (SqliteTransaction)context.Database.CurrentTransaction!.GetDbTransaction());
        for (int i = 0; i < parameters; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        }

        return command;
    }

    private static void Bind(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }
    }
}
