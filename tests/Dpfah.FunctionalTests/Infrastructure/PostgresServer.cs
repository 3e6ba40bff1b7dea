using System.Collections.Concurrent;
using Dpfah.FunctionalTests.Infrastructure;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>
/// The PostgreSQL server that the tests of this assembly share; each test makes a database of its own.
/// It is the one that <see cref="ConnectionVariable"/> names, else a throw-away <see cref="PostgresCluster"/>.
/// </summary>
/// <remarks>Started by the first test that asks for a database. Tests never skip: without PostgreSQL they fail and say what to install.</remarks>
public sealed class PostgresServer : IAsyncLifetime
{
    /// <summary>Environment variable with the connection string of a server where the tests may create databases.</summary>
    public const string ConnectionVariable = "DPFAH_TEST_POSTGRES";

    private readonly string? given = Environment.GetEnvironmentVariable(ConnectionVariable) is { Length: > 0 } value ? value : null;
    private readonly Lazy<Task<PostgresCluster>> cluster = new(() => PostgresCluster.CreateAsync());
    private readonly ConcurrentBag<string> created = [];

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its connection string.</returns>
    /// <exception cref="InvalidOperationException">There is no PostgreSQL; the message says what to install.</exception>
    public async Task<string> CreateDatabaseAsync()
    {
        if (given is null)
        {
            return await (await cluster.Value).CreateDatabaseAsync();
        }

        string connectionString = await PostgresCluster.CreateDatabaseAsync(given);
        created.Add(new NpgsqlConnectionStringBuilder(connectionString).Database!);
        return connectionString;
    }

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (string database in created)
        {
            await PostgresCluster.ExecuteAsync(given!, $"DROP DATABASE {database} WITH (FORCE)");
        }

        if (cluster.IsValueCreated && cluster.Value.IsCompletedSuccessfully)
        {
            await cluster.Value.Result.DisposeAsync();
        }
    }
}
