using System.Net;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Search;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Serialization;

namespace Dpfah.Cluster;

/// <summary>
/// Joins the cluster once the engine has started, and joins it anew when the others have given this node up. Orleans runs in a host of its own
/// inside of the service's: neither start nor stop of the service depends on it.
/// </summary>
internal sealed partial class ClusterService(
    ClusterOptions options,
    IndexFollower follower,
    ServiceState state,
    ShardRouter router,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers) : BackgroundService
{
    private const string ClusterName = "dpfah";
    private const string NotJoined = "This node has not joined its cluster yet.";

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(8);

    // Beside the delay in which the service drains it has to fit into the time for the whole stop, and leave some for the jobs.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(3);

    // Others have taken over what it had long ago, and it is to join anew.
    private static readonly TimeSpan GivenUpTimeout = TimeSpan.FromSeconds(1);

    private readonly ILogger logger = loggers.CreateLogger<ClusterService>();

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // Before anybody is answered: shards are not reached yet.
        state.ReportCluster(NotJoined);
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string? told = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await state.WaitUntilStartedAsync(stoppingToken);
                await JoinAsync(stoppingToken);
                told = null;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                string reason = error.GetBaseException().Message;
                if (told != reason)
                {
                    // Once, not once a second for as long as it takes.
                    LogNotJoined(reason);
                }

                told = reason;
                state.ReportCluster($"This node cannot join its cluster: {reason}");
            }

            await Task.Delay(RetryDelay, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// Is a node of the cluster until it is told to stop, or given up by the others. The other nodes take over as soon as the service drains, while
    /// it still answers; it is a node until it no longer does.
    /// </summary>
    /// <param name="cancellationToken">The service no longer answers.</param>
    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        await MembershipSchema.EnsureAsync(options.ConnectionString, cancellationToken);
        IPEndPoint address = options.Address;
        if (address.Address.Equals(IPAddress.Any))
        {
            address = new IPEndPoint(await OwnAddress.FindAsync(options.ConnectionString, cancellationToken), address.Port);
            if (IPAddress.IsLoopback(address.Address))
            {
                LogLoopback(address);
            }
        }

        CancellationToken draining = lifetime.ApplicationStopping;
        using var shards = new ShardHost(follower, address.ToString());
        var given = new GivenUp();
        using IHost silo = Build(address, shards, given);
        try
        {
            await silo.StartAsync(cancellationToken);
            using var view = new ClusterView(silo.Services, shards, router, loggers.CreateLogger<ClusterView>());
            router.Attach(view);
            state.ReportCluster(null);
            LogJoined(address);
            using var ending = new CancellationTokenSource();
            Task keeping = view.KeepAsync(ending.Token);
            try
            {
                // A fault of the keeping ends it too: the node joins anew.
                Task<string> givenUp = given.WaitAsync(draining);
                await await Task.WhenAny(givenUp, keeping);
                string reason = await givenUp;
                state.ReportCluster($"The other nodes have given this one up: {reason}");
                LogGivenUp(reason);
            }
            finally
            {
                if (draining.IsCancellationRequested && !given.IsUp)
                {
                    await view.LeaveAsync(LeaveTimeout);
                    await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                await ending.CancelAsync();
                await keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            // Owners that are still here are told where others look for them before this node forgets where they are.
            using var patience = new CancellationTokenSource(given.IsUp ? GivenUpTimeout : StopTimeout);
            await silo.StopAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            router.Attach(null);
        }
    }

    private IHost Build(IPEndPoint address, ShardHost shards, GivenUp given)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(loggers);

        // The service says when it ends; signals are not for this host.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddSingleton(shards);
        builder.UseOrleans(silo =>
        {
            silo.Configure<Orleans.Configuration.ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (ClusterName, ClusterName));
            silo.Configure<EndpointOptions>(endpoint =>
            {
                (endpoint.AdvertisedIPAddress, endpoint.SiloPort, endpoint.GatewayPort) = (address.Address, address.Port, 0);
                endpoint.SiloListeningEndpoint = address;
            });
            silo.UseAdoNetClustering(table => (table.Invariant, table.ConnectionString) = ("Npgsql", MembershipSchema.ConnectionString(options.ConnectionString)));
            silo.Configure<ClusterMembershipOptions>(membership =>
            {
                // A node that is silent for three seconds is given up by two others; until then its shards are asked for elsewhere.
                membership.ProbeTimeout = TimeSpan.FromSeconds(1);
                membership.NumMissedProbesLimit = 3;
                membership.TableRefreshTimeout = TimeSpan.FromSeconds(10);

                // Who joins asks all that are in the list; those that all were killed are struck off it when none has answered for so long.
                membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(3);
                membership.NumMissedTableIAmAliveLimit = 2;
                membership.MaxJoinAttemptTime = TimeSpan.FromSeconds(8);
                membership.DefunctSiloExpiration = TimeSpan.FromHours(1);
                membership.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
            });
            silo.Configure<GrainCollectionOptions>(collection =>
            {
                // Who is wanted is asked every second or two; a shard that nobody asks any more is let go.
                (collection.CollectionQuantum, collection.CollectionAge) = (TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1));
            });
            silo.Services.AddSerializer(serializer => serializer.AddAssembly(typeof(ShardGrain).Assembly));
            silo.Services.AddSingleton<LeavingNodes>();
            silo.Services.AddPlacementDirector<ShardPlacement, ShardPlacementDirector>();
            silo.AddGrainService<NodeService>();
            silo.Services.AddSingleton<NodeServices>();
            silo.Services.AddSingleton<IFatalErrorHandler>(given);
        });
        return builder.Build();
    }

    /// <summary>Hears that the others have given this node up, in place of ending the process.</summary>
    private sealed class GivenUp : IFatalErrorHandler
    {
        private readonly TaskCompletionSource<string> heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsUp => heard.Task.IsCompleted;

        public Task<string> WaitAsync(CancellationToken cancellationToken) => heard.Task.WaitAsync(cancellationToken);

        public bool IsUnexpected(Exception exception) => exception is not OperationCanceledException;

        public void OnFatalException(object? sender, string? context, Exception? exception) =>
            heard.TrySetResult($"{context} {exception?.GetBaseException().Message}".Trim());
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Joined the cluster at {Address}")]
    private partial void LogJoined(IPEndPoint address);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Only nodes of this machine reach this one at {Address}: where others are elsewhere, set ClusterAddress to an address that they reach")]
    private partial void LogLoopback(IPEndPoint address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cluster cannot be joined, trying again: {Reason}")]
    private partial void LogNotJoined(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The other nodes have given this one up, joining anew: {Reason}")]
    private partial void LogGivenUp(string? reason);
}
