using System.Security.Cryptography;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Limits;

/// <summary>A service behind a proxy on this machine, which the tests play, under a path, with low rates.</summary>
public sealed class ProxiedService : ServiceFixture
{
    /// <summary>Path under which it is served.</summary>
    public const string PathBase = "/pictures";

    /// <summary>Requests a second of a key; five seconds' worth may come at once.</summary>
    public const int Rate = 20;

    /// <summary>Requests a second of an address without a good key.</summary>
    public const int AnonymousRate = 2;

    /// <summary>Wrong keys a minute.</summary>
    public const int WrongKeys = 4;

    /// <summary>The admin key.</summary>
    public string AdminKey { get; } = RandomNumberGenerator.GetHexString(64, lowercase: true);

    /// <inheritdoc/>
    protected override IEnumerable<string> Arguments =>
    [
        "--DPFAH_ADMIN_KEY", AdminKey,
        "--Dpfah:Proxies:0", "127.0.0.1",
        "--Dpfah:Proxies:1", "10.1.0.0/16",
        "--Dpfah:PathBase", PathBase,
        "--Dpfah:RequestsPerSecond", $"{Rate}",
        "--Dpfah:AnonymousRequestsPerSecond", $"{AnonymousRate}",
        "--Dpfah:FailedKeysPerMinute", $"{WrongKeys}",
    ];

    /// <summary>The header by which the proxy tells whom it asks for.</summary>
    public static (string, string) For(string address) => ("X-Forwarded-For", address);

    /// <inheritdoc/>
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
