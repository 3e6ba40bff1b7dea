using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Dpfah.Engine.Search.Shards;
using Npgsql;

namespace Dpfah.Engine.Data;

/// <summary>Whole tables of PostgreSQL by COPY, in a snapshot that a transaction has exported.</summary>
/// <remarks>
/// Two connections, so that two processes of the server read, and merged here: the server's part of a load is longer than this one's.
/// They are opened and read without async: a socket that was ever used so wakes two threads for each wait.
/// </remarks>
internal sealed class PostgresBulkReader : BulkReader
{
    private const int RowsBetweenLooks = 1024;
    private const int ReadBytes = 1 << 16;

    private readonly NpgsqlConnection first;
    private readonly NpgsqlConnection second;

    /// <summary>Opens the connections.</summary>
    /// <param name="connectionString">Of the database.</param>
    /// <param name="snapshot">Name of the snapshot; its transaction is still open.</param>
    public PostgresBulkReader(string connectionString, string snapshot)
    {
        string own = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ReadBufferSize = ReadBytes }.ConnectionString;
        first = new NpgsqlConnection(own);
        second = new NpgsqlConnection(own);
        try
        {
            foreach (NpgsqlConnection connection in new[] { first, second })
            {
                // Read in the order of an index: without statistics, as after a large import, the server would rather sort the table
                // on disk, and compile a plan that is run once.
                connection.Open();
                using var command = new NpgsqlCommand(
                    $"""
                    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
                    SET TRANSACTION SNAPSHOT '{snapshot}';
                    SET LOCAL statement_timeout = 0;
                    SET LOCAL idle_in_transaction_session_timeout = 0;
                    SET LOCAL enable_sort = off;
                    SET LOCAL jit = off
                    """,
                    connection);
                command.ExecuteNonQuery();
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// An array as the server sends it: number of dimensions, whether there are nulls, type of the elements; length and lower bound of
    /// each dimension; the elements.
    /// </remarks>
    public override string[] ParseLabels(ReadOnlySpan<byte> stored)
    {
        int dimensions = BinaryPrimitives.ReadInt32BigEndian(stored);
        if (dimensions == 0)
        {
            return [];
        }

        if (dimensions != 1)
        {
            throw new InvalidDataException($"Labels are a list of texts, not an array of {dimensions} dimensions.");
        }

        var texts = new string[BinaryPrimitives.ReadInt32BigEndian(stored[12..])];
        ReadOnlySpan<byte> rest = stored[20..];
        for (int i = 0; i < texts.Length; i++)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(rest);
            if (length < 0)
            {
                throw new InvalidDataException("A label is null.");
            }

            texts[i] = Encoding.UTF8.GetString(rest.Slice(sizeof(int), length));
            rest = rest[(sizeof(int) + length)..];
        }

        return texts;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        first.Dispose();
        second.Dispose();
    }

    protected override void ReadItems(
        int collectionId, IndexKey part, ItemRowHandler handler, CancellationToken cancellationToken) => Guard(
        () =>
        {
            // The server leaves out what other shards have.
            string ofItems = part.Shards <= 1 ? "" : $" AND {ShardLayout.Condition("number", part.Shards, part.Shard)}";
            string ofCodes = part.Shards <= 1 ? "" : $" AND {ShardLayout.Condition("item_number", part.Shards, part.Shard)}";
            using var items = new Copying(
                first,
                $"SELECT number, public_id, labels, COALESCE(metadata, '') FROM items WHERE collection_id = {collectionId}{ofItems} ORDER BY number",
                4,
                cancellationToken);
            using var codes = new Copying(
                second,
                $"SELECT item_number, code, signature FROM codes WHERE generation_id = {part.Generation}{ofCodes} ORDER BY item_number",
                3,
                cancellationToken);
            bool more = codes.Read();
            while (more && items.Read())
            {
                long number = items.Rows.Int64(0);
                while (more && codes.Rows.Int64(0) < number)
                {
                    more = codes.Read();
                }

                if (more && codes.Rows.Int64(0) == number)
                {
                    handler(new ItemRow
                    {
                        Number = number,
                        PublicId = items.Rows[1],
                        Labels = items.Rows[2],
                        Metadata = items.Rows[3],
                        Code = codes.Rows[1],
                        Signature = codes.Rows[2],
                    });
                }
            }

            // To the end of both: an item without a code, or a code without an item, counts for nothing, as in a join.
            while (items.Read())
            {
            }

            while (more)
            {
                more = codes.Read();
            }
        },
        cancellationToken);

    protected override Dictionary<int, LogSum> SumLog(CancellationToken cancellationToken)
    {
        // Added up here: servers before PostgreSQL 14 have no XOR of a column.
        var sums = new Dictionary<int, LogSum>();
        Guard(
            () =>
            {
                using var log = new Copying(first, "SELECT generation_id, digest_delta, count_delta FROM changes", 3, cancellationToken);
                while (log.Read())
                {
                    ref LogSum sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, log.Rows.Int32(0), out _);
                    sum = sum.With(log.Rows.Int64(1), log.Rows.Int32(2));
                }
            },
            cancellationToken);
        return sums;
    }

    private static void Guard(Action work, CancellationToken cancellationToken)
    {
        try
        {
            work();
        }
        catch (Exception error) when (error is not OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The copy was cancelled.", error, cancellationToken);
        }
    }

    /// <summary>A copy that ends when it is cancelled.</summary>
    private sealed class Copying : IDisposable
    {
        private readonly CancellationToken cancellationToken;
        private readonly CancellationTokenRegistration stopping;
        private int sinceLooked;
        private bool ended;

        public Copying(NpgsqlConnection connection, string query, int columns, CancellationToken cancellationToken)
        {
            this.cancellationToken = cancellationToken;
            Rows = CopyReader.Open(connection, query, columns);
            stopping = cancellationToken.Register(Rows.Cancel);
        }

        /// <summary>The row at hand.</summary>
        public CopyReader Rows { get; }

        /// <summary>Goes to the next row; false at the end, and ever after.</summary>
        public bool Read()
        {
            if (++sinceLooked == RowsBetweenLooks)
            {
                sinceLooked = 0;
                cancellationToken.ThrowIfCancellationRequested();
            }

            return !ended && !(ended = !Rows.Read());
        }

        public void Dispose()
        {
            stopping.Dispose();
            Rows.Dispose();
        }
    }
}
