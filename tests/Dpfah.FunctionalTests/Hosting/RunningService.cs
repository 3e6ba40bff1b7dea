using Dpfah.Api.Hosting;
using Dpfah.Engine.Hosting;
using Dpfah.TestHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>The service in this process, behind a real socket on loopback, with the constant-time encoder.</summary>
public sealed class RunningService : IAsyncDisposable
{
    // Hundreds of services are started in this way, and two processes each: those of HostProcess have them.
    private const string InProcess = "--Dpfah:IsolateDecoder";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);

    private readonly WebApplication app;
    private readonly LogCollector log;

    private RunningService(WebApplication app, LogCollector log)
    {
        this.app = app;
        this.log = log;
        Addresses = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))];
        Client = new ApiClient(Address, tellErrors: () => log.Errors);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => Addresses[0];

    /// <summary>All addresses on which it listens.</summary>
    public IReadOnlyList<Uri> Addresses { get; }

    /// <summary>A client without a key.</summary>
    public ApiClient Client { get; }

    /// <summary>A new client with a key.</summary>
    public ApiClient ClientWith(string key) => new(Address, key, () => log.Errors);

    /// <summary>The service's own parts.</summary>
    public IServiceProvider Services => app.Services;

    /// <summary>Everything it has logged so far, at level information and above.</summary>
    public string Log => log.Text;

    /// <summary>Starts a service and waits until it is ready.</summary>
    /// <param name="database">The database that it uses.</param>
    /// <param name="arguments">Further arguments.</param>
    public static Task<RunningService> StartAsync(TestDatabase database, params IEnumerable<string> arguments) =>
        StartAsync(database, _ => { }, arguments);

    /// <summary>Starts a service with parts of the test's own and waits until it is ready.</summary>
    /// <param name="database">The database that it uses.</param>
    /// <param name="configure">Registers what takes the place of the service's parts.</param>
    /// <param name="arguments">Further arguments.</param>
    public static async Task<RunningService> StartAsync(
        TestDatabase database, Action<IServiceCollection> configure, params IEnumerable<string> arguments)
    {
        RunningService service = await StartWithoutWaitingAsync(database, configure, arguments);
        try
        {
            await service.WaitUntilReadyAsync();
            return service;
        }
        catch (TimeoutException)
        {
            await service.DisposeAsync();
            throw new TimeoutException($"The service was not ready in time. Its log:\n{service.Log}");
        }
    }

    /// <summary>Starts a service that listens; it may not be ready yet, or never.</summary>
    public static Task<RunningService> StartWithoutWaitingAsync(TestDatabase database, params IEnumerable<string> arguments) =>
        StartWithoutWaitingAsync(database, _ => { }, arguments);

    private static async Task<RunningService> StartWithoutWaitingAsync(
        TestDatabase database, Action<IServiceCollection> configure, IEnumerable<string> arguments)
    {
        KeyWatch.AddFrom(arguments);
        var log = new LogCollector();
        WebApplication app = ApiHost.Build(
            ["--urls", "http://127.0.0.1:0", InProcess, "false", .. database.Arguments, .. arguments],
            (services, options) =>
            {
                HashEncoding.Add(services, options);
                configure(services);
                services.AddLogging(logging => logging.ClearProviders().AddProvider(log));
            });
        await app.StartAsync();
        return new RunningService(app, log);
    }

    /// <summary>Waits until the service has loaded its index.</summary>
    public Task WaitUntilReadyAsync() =>
        Services.GetRequiredService<ServiceState>().WaitUntilStartedAsync(CancellationToken.None).WaitAsync(StartTimeout);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        log.Dispose();
        KeyWatch.AssertAbsent(log.Text);
    }
}
