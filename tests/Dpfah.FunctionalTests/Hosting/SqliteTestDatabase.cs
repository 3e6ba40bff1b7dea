using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>A SQLite file in the data folder, as a service makes it without a connection string.</summary>
public sealed class SqliteTestDatabase : TestDatabase
{
    private string ConnectionString => new SqliteConnectionStringBuilder { DataSource = Path.Combine(DataFolder, "dpfah.db") }.ToString();

    /// <inheritdoc/>
    public override string Provider => "sqlite";

    /// <inheritdoc/>
    public override async Task<DbConnection> OpenAsync()
    {
        var connection = new SqliteConnection(ConnectionString);
        await connection.OpenAsync();
        return connection;
    }
}
