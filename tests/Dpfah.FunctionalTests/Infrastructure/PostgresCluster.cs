using DotNet.Testcontainers.Builders;
using Npgsql;

namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>A PostgreSQL server of the tests' own, which can be stopped and started. Deleted with its data in the end.</summary>
public abstract class PostgresCluster : IAsyncDisposable
{
    /// <summary>What an empty database is made from.</summary>
    internal const string EmptyTemplate = "template0";

    /// <summary>Connects as superuser to the database <c>postgres</c>.</summary>
    public abstract string AdminConnectionString { get; }

    /// <summary>Makes and starts a server: by programs that are installed, else in a container.</summary>
    /// <exception cref="InvalidOperationException">There is neither; the message says what to install.</exception>
    public static async Task<PostgresCluster> CreateAsync()
    {
        PostgresPrograms? programs = await PostgresPrograms.FindAsync();
        if (programs is not null)
        {
            return await LocalPostgresCluster.StartNewAsync(programs);
        }

        try
        {
            return await ContainerPostgresCluster.StartNewAsync();
        }
        catch (DockerUnavailableException error)
        {
            throw new InvalidOperationException(
                "These tests need PostgreSQL, and neither its server programs (initdb, postgres, pg_ctl) nor a Docker engine was found. "
                + "Install the programs (Debian, Ubuntu: apt-get install postgresql), or start Docker, "
                + $"or set {PostgresServer.ConnectionVariable} to the connection string of a server where the tests may create databases.",
                error);
        }
    }

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its connection string.</returns>
    public Task<string> CreateDatabaseAsync() => CreateDatabaseAsync(AdminConnectionString, EmptyTemplate);

    /// <summary>Runs a statement as superuser in the database <c>postgres</c>.</summary>
    public Task ExecuteAsync(string sql) => ExecuteAsync(AdminConnectionString, sql);

    /// <summary>Starts the server after <see cref="StopAsync"/>, on the same port and with its data; returns when it accepts connections.</summary>
    public abstract Task StartAsync();

    /// <summary>Stops the server at once: open connections are closed and open transactions rolled back.</summary>
    public abstract Task StopAsync();

    /// <summary>Ends the server without a checkpoint, as a crash of it does: what it had acknowledged is in its log only.</summary>
    public abstract Task CrashAsync();

    /// <summary>Stops and starts the server.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    internal static async Task<string> CreateDatabaseAsync(string adminConnectionString, string template)
    {
        string name = $"dpfah_{Guid.NewGuid():N}";
        await ExecuteAsync(adminConnectionString, $"CREATE DATABASE {name} TEMPLATE {template}");

        // Idle connections of finished tests would else fill the server within minutes.
        return new NpgsqlConnectionStringBuilder(adminConnectionString)
        {
            Database = name,
            MaxPoolSize = 20,
            ConnectionIdleLifetime = 5,
            ConnectionPruningInterval = 1,
            Pooling = true,
        }.ConnectionString;
    }

    internal static async Task ExecuteAsync(string connectionString, string sql)
    {
        string unpooled = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;
        await using var connection = new NpgsqlConnection(unpooled);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
