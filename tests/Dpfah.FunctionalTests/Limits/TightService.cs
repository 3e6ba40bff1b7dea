using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Limits;

/// <summary>A service whose limits are as low as they go.</summary>
public abstract class TightService : ServiceFixture
{
    /// <summary>Pictures of a collection.</summary>
    public const int Quota = 5;

    /// <summary>Bytes of uploads that are stored.</summary>
    public const int Spooled = 1 << 20;

    /// <summary>Pictures in work.</summary>
    public const int InWork = 2;

    /// <summary>Connections of an address.</summary>
    public const int PerAddress = 300;

    /// <summary>Connections of all addresses.</summary>
    public const int Connections = 500;

    /// <summary>How long a request may take.</summary>
    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long an upload may take.</summary>
    public static readonly TimeSpan UploadTimeout = TimeSpan.FromSeconds(6);

    /// <summary>How long an upload for an import may take.</summary>
    public static readonly TimeSpan TransferTimeout = TimeSpan.FromSeconds(7);

    /// <inheritdoc/>
    protected override IEnumerable<string> Arguments => Settings;

    /// <summary>The settings.</summary>
    public static IEnumerable<string> Settings =>
    [
        "--Dpfah:ImagesPerCollection", $"{Quota}",
        "--Dpfah:SpooledBytes", $"{Spooled}",
        "--Dpfah:PicturesInWork", $"{InWork}",
        "--Dpfah:ConnectionsPerAddress", $"{PerAddress}",
        "--Dpfah:Connections", $"{Connections}",
        "--Dpfah:RequestTimeout", $"{RequestTimeout}",
        "--Dpfah:UploadTimeout", $"{UploadTimeout}",
        "--Dpfah:TransferTimeout", $"{TransferTimeout}",
    ];
}

/// <summary>On PostgreSQL.</summary>
public sealed class TightPostgresService(PostgresServer server) : TightService
{
    /// <inheritdoc/>
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

/// <summary>On SQLite.</summary>
public sealed class TightSqliteService : TightService
{
    /// <inheritdoc/>
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
