using Testcontainers.PostgreSql;

namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>A PostgreSQL server in a container, for machines with a Docker engine and without the server's programs.</summary>
internal sealed class ContainerPostgresCluster : PostgresCluster
{
    /// <summary>The image that docker-compose.yml runs.</summary>
    public const string Image = "postgres:17";

    private readonly PostgreSqlContainer container;

    private ContainerPostgresCluster(PostgreSqlContainer container) => this.container = container;

    /// <inheritdoc/>
    public override string AdminConnectionString => container.GetConnectionString();

    /// <summary>Makes a container and starts it.</summary>
    /// <exception cref="DotNet.Testcontainers.Builders.DockerUnavailableException">No engine answers.</exception>
    public static async Task<ContainerPostgresCluster> StartNewAsync()
    {
        // A port of our own choice, since one chosen by the engine changes at each start.
        PostgreSqlContainer container = new PostgreSqlBuilder(Image)
            .WithDatabase("postgres")
            .WithPortBinding(FreePort.Next(), PostgreSqlBuilder.PostgreSqlPort)
            .WithCommand("-c", "max_connections=400")
            .Build();
        await container.StartAsync();
        return new ContainerPostgresCluster(container);
    }

    /// <inheritdoc/>
    public override Task StartAsync() => container.StartAsync();

    /// <inheritdoc/>
    public override Task StopAsync() => container.StopAsync();

    /// <inheritdoc/>
    public override async Task CrashAsync()
    {
        // It is the container's first process: the answer does not come back from a container that ends.
        await container.ExecAsync(["/bin/sh", "-c", "kill -QUIT 1"]);
        await container.StopAsync();
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => container.DisposeAsync();
}
