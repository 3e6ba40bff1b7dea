using System.Data.Common;
using Dpfah.Core.Codes;
using Dpfah.Engine.Search;
using Dpfah.FunctionalTests.Hosting;
using Npgsql;

namespace Dpfah.FunctionalTests.Storage;

/// <summary>
/// A transaction on PostgreSQL that indexes a picture as a slow node would: its log row is written, and its commit comes
/// when the test says so.
/// </summary>
internal sealed class LateTransaction : IAsyncDisposable
{
    private readonly DbConnection connection;
    private readonly DbTransaction transaction;

    private LateTransaction(DbConnection connection, DbTransaction transaction)
    {
        this.connection = connection;
        this.transaction = transaction;
    }

    /// <summary>The transaction's id, which is the position of its log row.</summary>
    public ulong Xid { get; private set; }

    /// <summary>Number of its log row: "all rows above the last one that I saw" goes by this.</summary>
    public long Seq { get; private set; }

    /// <summary>Begins a transaction that adds a copy of a picture.</summary>
    /// <param name="database">The service's database.</param>
    /// <param name="collection">Name of the collection.</param>
    /// <param name="source">Id of the picture to copy.</param>
    /// <param name="id">Id of the copy.</param>
    public static async Task<LateTransaction> BeginAsync(TestDatabase database, string collection, string source, string id)
    {
        DbConnection connection = await database.OpenAsync();
        var late = new LateTransaction(connection, await connection.BeginTransactionAsync());
        await late.InsertAsync(collection, source, id);
        return late;
    }

    public Task CommitAsync() => transaction.CommitAsync();

    public Task RollbackAsync() => transaction.RollbackAsync();

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    private async Task InsertAsync(string collection, string source, string id)
    {
        await using DbCommand find = Command(
            """
            SELECT i.number, i.collection_id, c.generation_id, c.code, c.signature, i.labels
            FROM items i JOIN codes c ON c.item_number = i.number JOIN collections n ON n.id = i.collection_id
            WHERE n.name = @collection AND n.deleted_at IS NULL AND i.public_id = @source
            """,
            ("collection", collection), ("source", source));
        long from;
        int collectionId, generation;
        byte[] code, signature;
        string[] labels;
        await using (DbDataReader row = await find.ExecuteReaderAsync())
        {
            Assert.True(await row.ReadAsync());
            (from, collectionId, generation) = (row.GetInt64(0), row.GetInt32(1), row.GetInt32(2));
            (code, signature, labels) = ((byte[])row[3], (byte[])row[4], (string[])row[5]);
        }

        long number = (long)await ReadAsync(
            """
            INSERT INTO items (collection_id, public_id, labels, metadata, content_digest, version, created_at, updated_at)
            SELECT collection_id, @id, labels, metadata, content_digest, 1, now(), now() FROM items WHERE number = @from RETURNING number
            """,
            ("id", id), ("from", from));
        await ReadAsync(
            """
            INSERT INTO previews (item_number, jpeg, width, height, decoder)
            SELECT @number, jpeg, width, height, decoder FROM previews WHERE item_number = @from RETURNING item_number
            """,
            ("number", number), ("from", from));
        await ReadAsync(
            "INSERT INTO codes (generation_id, item_number, code, signature) VALUES (@generation, @number, @code, @signature) RETURNING item_number",
            ("generation", generation), ("number", number), ("code", code), ("signature", signature));
        Seq = (long)await ReadAsync(
            """
            INSERT INTO changes (collection_id, generation_id, item_number, kind, digest_delta, count_delta, created_at)
            VALUES (@collection, @generation, @number, 1, @digest, 1, now()) RETURNING seq
            """,
            ("collection", collectionId),
            ("generation", generation),
            ("number", number),
            ("digest", ItemDigest.Of(number, BinaryCode.FromBytes(code), BinaryCode.FromBytes(signature), labels)));
        Xid = ulong.Parse((string)await ReadAsync("SELECT pg_current_xact_id()::text"));
    }

    private async Task<object> ReadAsync(string sql, params (string Name, object Value)[] parameters)
    {
        await using DbCommand command = Command(sql, parameters);
        return (await command.ExecuteScalarAsync())!;
    }

    private DbCommand Command(string sql, params (string Name, object Value)[] parameters)
    {
        DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        foreach ((string name, object value) in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter(name, value));
        }

        return command;
    }
}
