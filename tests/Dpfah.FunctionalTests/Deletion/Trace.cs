using System.Data.Common;
using System.IO.Compression;
using System.Text;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Deletion;

/// <summary>Something of a picture that was found in the database.</summary>
/// <param name="Table">The table.</param>
/// <param name="Column">The column.</param>
/// <param name="What">What of it.</param>
internal sealed record Trace(string Table, string Column, string What)
{
    /// <summary>Reads every row of every table that the database's catalogue names, and looks for a picture in each value.</summary>
    /// <param name="database">The database.</param>
    /// <param name="number">Number of the picture, so high that nothing else has it.</param>
    /// <param name="signs">By what it is known: bytes that stand nowhere else, with what they are.</param>
    public static async Task<List<Trace>> FindAsync(TestDatabase database, long number, IReadOnlyList<(string What, byte[] Bytes)> signs)
    {
        await using DbConnection connection = await database.OpenAsync();
        var found = new HashSet<Trace>();
        foreach (string table in await TablesAsync(database, connection))
        {
            await using DbCommand command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM \"{table}\"";
            await using DbDataReader reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                for (int column = 0; column < reader.FieldCount; column++)
                {
                    string name = reader.GetName(column);
                    found.UnionWith(In(reader.GetValue(column), number, signs).Select(what => new Trace(table, name, what)));
                }
            }
        }

        return [.. found];
    }

    /// <summary>Names of all tables.</summary>
    private static async Task<List<string>> TablesAsync(TestDatabase database, DbConnection connection)
    {
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = database.Provider == "postgres"
            ? "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            : "SELECT name FROM sqlite_master WHERE type = 'table'";
        await using DbDataReader reader = await command.ExecuteReaderAsync();
        var tables = new List<string>();
        while (await reader.ReadAsync())
        {
            tables.Add(reader.GetString(0));
        }

        return tables;
    }

    private static IEnumerable<string> In(object value, long number, IReadOnlyList<(string What, byte[] Bytes)> signs) => value switch
    {
        long or int => Convert.ToInt64(value) == number ? ["number"] : [],
        string text => Known(Encoding.UTF8.GetBytes(text), signs),
        string[] texts => Known(Encoding.UTF8.GetBytes(string.Join('\n', texts)), signs),
        byte[] bytes => Known(bytes is [0x1F, 0x8B, ..] ? Unpack(bytes) : bytes, signs),
        _ => [],
    };

    private static IEnumerable<string> Known(byte[] bytes, IReadOnlyList<(string What, byte[] Bytes)> signs) =>
        signs.Where(sign => bytes.AsSpan().IndexOf(sign.Bytes) >= 0).Select(sign => sign.What);

    private static byte[] Unpack(byte[] packed)
    {
        using var zip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        zip.CopyTo(unpacked);
        return unpacked.ToArray();
    }
}
