using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Npgsql;

namespace Dpfah.Engine.Data;

/// <summary>Whole tables of PostgreSQL by COPY, in the transaction that the connection is in.</summary>
internal static class PostgresBulk
{
    private const int RowsBetweenLooks = 1024;

    /// <summary>Reads the items of a generation in ascending order of their numbers.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the transaction is of no more use.</exception>
    public static void ReadItems(
        NpgsqlConnection connection, int collectionId, int generationId, ItemRowHandler handler, CancellationToken cancellationToken)
    {
        // Both tables are read in the order of an index and merged. Without statistics, as after a large import, the server would
        // rather sort both on disk, and compile a plan that is run once.
        Execute(connection, "SET LOCAL enable_sort = off; SET LOCAL enable_hashjoin = off; SET LOCAL jit = off");
        Copy(
            connection,
            $"""
            SELECT i.number, i.public_id, i.labels, c.code, c.signature
            FROM items i JOIN codes c ON c.item_number = i.number
            WHERE i.collection_id = {collectionId} AND c.generation_id = {generationId}
            ORDER BY i.number
            """,
            columns: 5,
            copy => handler(new ItemRow
            {
                Number = copy.Int64(0),
                PublicId = copy[1],
                Labels = copy[2],
                Code = copy[3],
                Signature = copy[4],
            }),
            cancellationToken);
    }

    /// <summary>Adds up the change log, by generation.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the transaction is of no more use.</exception>
    public static Dictionary<int, LogSum> SumLog(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Added up here: servers before PostgreSQL 14 have no XOR of a column.
        var sums = new Dictionary<int, LogSum>();
        Copy(
            connection,
            "SELECT generation_id, digest_delta, count_delta FROM changes",
            columns: 3,
            copy =>
            {
                ref LogSum sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, copy.Int32(0), out _);
                sum = sum.With(copy.Int64(1), copy.Int32(2));
            },
            cancellationToken);
        return sums;
    }

    /// <summary>Reads an array of texts as the server sends it.</summary>
    /// <remarks>Number of dimensions, whether there are nulls, type of the elements; length and lower bound of each dimension; the elements.</remarks>
    /// <exception cref="InvalidDataException">It is no list of texts.</exception>
    public static string[] ParseTexts(ReadOnlySpan<byte> array)
    {
        int dimensions = BinaryPrimitives.ReadInt32BigEndian(array);
        if (dimensions == 0)
        {
            return [];
        }

        if (dimensions != 1)
        {
            throw new InvalidDataException($"Labels are a list of texts, not an array of {dimensions} dimensions.");
        }

        var texts = new string[BinaryPrimitives.ReadInt32BigEndian(array[12..])];
        array = array[20..];
        for (int i = 0; i < texts.Length; i++)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(array);
            if (length < 0)
            {
                throw new InvalidDataException("A label is null.");
            }

            texts[i] = Encoding.UTF8.GetString(array.Slice(sizeof(int), length));
            array = array[(sizeof(int) + length)..];
        }

        return texts;
    }

    private static void Copy(NpgsqlConnection connection, string query, int columns, Action<CopyReader> row, CancellationToken cancellationToken)
    {
        try
        {
            using CopyReader copy = CopyReader.Open(connection, query, columns);
            using CancellationTokenRegistration stopping = cancellationToken.Register(copy.Cancel);
            for (long count = 0; copy.Read(); count++)
            {
                if (count % RowsBetweenLooks == 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }

                row(copy);
            }
        }
        catch (Exception error) when (error is not OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The copy was cancelled.", error, cancellationToken);
        }
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
