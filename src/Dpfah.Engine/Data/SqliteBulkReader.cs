using System.Runtime.InteropServices;
using System.Text.Json;
using Dpfah.Engine.Search.Shards;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Dpfah.Engine.Data;

/// <summary>Whole tables of a SQLite file, in the transaction that the connection is in, without an object for a row or a value.</summary>
internal sealed class SqliteBulkReader(SqliteConnection connection) : BulkReader
{
    private const int RowsBetweenLooks = 1024;

    /// <inheritdoc/>
    /// <remarks>They are stored as a JSON array.</remarks>
    public override string[] ParseLabels(ReadOnlySpan<byte> stored)
    {
        try
        {
            string[] texts = JsonSerializer.Deserialize<string[]>(stored) ?? [];
            return Array.Exists(texts, text => text is null) ? throw new InvalidDataException("A label is null.") : texts;
        }
        catch (JsonException error)
        {
            throw new InvalidDataException("Labels are a list of texts.", error);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        // The connection is the context's.
    }

    protected override void ReadItems(
        int collectionId, IndexKey part, ItemRowHandler handler, CancellationToken cancellationToken) => Read(
        $"""
        SELECT i.number, i.public_id, i.labels, i.metadata, c.code, c.signature
        FROM items i JOIN codes c ON c.item_number = i.number
        WHERE i.collection_id = {collectionId} AND c.generation_id = {part.Generation}
        ORDER BY i.number
        """,
        row => handler(new ItemRow
        {
            Number = raw.sqlite3_column_int64(row, 0),
            PublicId = raw.sqlite3_column_blob(row, 1),
            Labels = raw.sqlite3_column_blob(row, 2),
            Metadata = raw.sqlite3_column_blob(row, 3),
            Code = raw.sqlite3_column_blob(row, 4),
            Signature = raw.sqlite3_column_blob(row, 5),
        }),
        cancellationToken);

    protected override Dictionary<int, LogSum> SumLog(CancellationToken cancellationToken)
    {
        var sums = new Dictionary<int, LogSum>();
        Read(
            "SELECT generation_id, digest_delta, count_delta FROM changes",
            row =>
            {
                ref LogSum sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, raw.sqlite3_column_int(row, 0), out _);
                sum = sum.With(raw.sqlite3_column_int64(row, 1), raw.sqlite3_column_int(row, 2));
            },
            cancellationToken);
        return sums;
    }

    private void Read(string query, Action<sqlite3_stmt> row, CancellationToken cancellationToken)
    {
        // The command takes part in the connection's transaction by itself.
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = query;
        using SqliteDataReader reader = command.ExecuteReader();
        sqlite3_stmt statement = reader.Handle!;
        for (long count = 0; reader.Read(); count++)
        {
            if (count % RowsBetweenLooks == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            row(statement);
        }
    }
}
