using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>One service for the tests of a class. Each test makes collections of its own.</summary>
public abstract class ServiceFixture : IAsyncLifetime
{
    private readonly Lazy<Task<SharedPictures>> filled;
    private RunningService? service;

    /// <summary>Makes the fixture; the service starts when it is initialized.</summary>
    protected ServiceFixture() => filled = new Lazy<Task<SharedPictures>>(() => SharedPictures.CreateAsync(Client));

    /// <summary>The service, ready.</summary>
    public RunningService Service => service ?? throw new InvalidOperationException("The fixture is not initialized.");

    /// <summary>Its client.</summary>
    public ApiClient Client => Service.Client;

    /// <summary>Its database.</summary>
    public TestDatabase Database { get => field ?? throw new InvalidOperationException("The fixture is not initialized."); private set; }

    /// <summary>What the service is started with beside its database.</summary>
    protected virtual IEnumerable<string> Arguments => [];

    /// <summary>The collection of some hundred pictures that the tests of a class share and do not change.</summary>
    public Task<SharedPictures> FilledAsync() => filled.Value;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Database = await CreateDatabaseAsync();
        service = await RunningService.StartAsync(Database, Arguments);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (service is not null)
        {
            await service.DisposeAsync();
        }

        Database.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes the empty database that the service uses.</summary>
    protected abstract Task<TestDatabase> CreateDatabaseAsync();
}

/// <summary>A service on PostgreSQL.</summary>
public sealed class PostgresService(PostgresServer server) : ServiceFixture
{
    /// <inheritdoc/>
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

/// <summary>A service on SQLite.</summary>
public sealed class SqliteService : ServiceFixture
{
    /// <inheritdoc/>
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
