using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>A PostgreSQL server for one test class: for what holds up or stops a whole server.</summary>
public sealed class OwnCluster : IAsyncLifetime
{
    private PostgresCluster? cluster;

    /// <summary>The server.</summary>
    public PostgresCluster Cluster => cluster ?? throw new InvalidOperationException("The fixture is not initialized.");

    /// <summary>Makes an empty database on it.</summary>
    public async Task<TestDatabase> CreateDatabaseAsync() => new PostgresTestDatabase(await Cluster.CreateDatabaseAsync());

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => cluster = await PostgresCluster.CreateAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (cluster is not null)
        {
            await cluster.DisposeAsync();
        }
    }
}
