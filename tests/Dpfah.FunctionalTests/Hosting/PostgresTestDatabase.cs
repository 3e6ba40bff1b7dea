using System.Data.Common;
using Dpfah.FunctionalTests.Infrastructure;
using Npgsql;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>A database on a PostgreSQL server.</summary>
public sealed class PostgresTestDatabase : TestDatabase
{
    /// <summary>Names a database.</summary>
    /// <param name="connectionString">Of a database that is there, or will be when the service asks for it.</param>
    public PostgresTestDatabase(string connectionString) => ConnectionString = connectionString;

    /// <summary>How to connect to it.</summary>
    public string ConnectionString { get; }

    /// <inheritdoc/>
    public override string Provider => "postgres";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Arguments => [.. base.Arguments, "--ConnectionStrings:Dpfah", ConnectionString];

    /// <summary>Makes a database on the server that the tests share, with the tables of all migrations and without a row.</summary>
    public static async Task<TestDatabase> CreateAsync(PostgresServer server) => new PostgresTestDatabase(await server.CreateMigratedDatabaseAsync());

    /// <summary>Makes an empty database on the server that the tests share.</summary>
    public static async Task<TestDatabase> CreateEmptyAsync(PostgresServer server) => new PostgresTestDatabase(await server.CreateDatabaseAsync());

    /// <inheritdoc/>
    public override async Task<DbConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }
}
