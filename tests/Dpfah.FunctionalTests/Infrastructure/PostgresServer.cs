using System.Collections.Concurrent;
using Dpfah.Engine.Data;
using Dpfah.FunctionalTests.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>
/// The PostgreSQL server that the tests of this assembly share; each test has a database of its own.
/// It is the one that <see cref="ConnectionVariable"/> names, else a throw-away <see cref="PostgresCluster"/>.
/// </summary>
/// <remarks>Started by the first test that asks for a database. Tests never skip: without PostgreSQL they fail and say what to install.</remarks>
public sealed class PostgresServer : IAsyncLifetime
{
    /// <summary>Environment variable with the connection string of a server where the tests may create databases.</summary>
    public const string ConnectionVariable = "DPFAH_TEST_POSTGRES";

    private readonly string? given = Environment.GetEnvironmentVariable(ConnectionVariable) is { Length: > 0 } value ? value : null;
    private readonly Lazy<Task<PostgresCluster>> cluster = new(() => PostgresCluster.CreateAsync());
    private readonly Lazy<Task<string>> template;
    private readonly ConcurrentBag<string> created = [];

    /// <summary>Prepares; nothing runs yet.</summary>
    public PostgresServer() => template = new(CreateTemplateAsync);

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its connection string.</returns>
    /// <exception cref="InvalidOperationException">There is no PostgreSQL; the message says what to install.</exception>
    public Task<string> CreateDatabaseAsync() => CreateDatabaseAsync(PostgresCluster.EmptyTemplate);

    /// <summary>Makes a database with the tables that all migrations make, and without a row: a service that starts on it finds them done.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateMigratedDatabaseAsync() => await CreateDatabaseAsync(await template.Value);

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (given is not null)
        {
            foreach (string database in created)
            {
                await PostgresCluster.ExecuteAsync(given, $"DROP DATABASE {database} WITH (FORCE)");
            }
        }

        if (cluster.IsValueCreated && cluster.Value.IsCompletedSuccessfully)
        {
            await cluster.Value.Result.DisposeAsync();
        }
    }

    private async Task<string> CreateDatabaseAsync(string templateName)
    {
        string admin = given ?? (await cluster.Value).AdminConnectionString;
        string connectionString = await PostgresCluster.CreateDatabaseAsync(admin, templateName);
        created.Add(NameOf(connectionString));
        return connectionString;
    }

    /// <returns>Its name.</returns>
    private async Task<string> CreateTemplateAsync()
    {
        // No connection may stay open to what is copied.
        string connectionString = await CreateDatabaseAsync();
        await using var context = new PostgresContext(PostgresContext.Options(connectionString + ";Pooling=false"));
        await context.Database.MigrateAsync();
        return NameOf(connectionString);
    }

    private static string NameOf(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString).Database!;
}
