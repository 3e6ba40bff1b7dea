using Dpfah.Engine;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Search;
using Dpfah.Engine.Search.Shards;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpfah.Cluster;

/// <summary>Registers the cluster with a host that has the engine.</summary>
public static class ClusterServices
{
    /// <summary>Makes the service a node of the cluster of all services on its database.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="options">Where the node is.</param>
    public static IServiceCollection AddDpfahCluster(this IServiceCollection services, ClusterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        services.AddSingleton(p => new ShardRouter(options, p.GetRequiredService<EngineOptions>().PositionTimeout));
        services.AddSingleton<IShardSearch>(p => p.GetRequiredService<ShardRouter>());
        services.AddHostedService(p => new ClusterService(
            options,
            p.GetRequiredService<IndexFollower>(),
            p.GetRequiredService<ServiceState>(),
            p.GetRequiredService<ShardRouter>(),
            p.GetRequiredService<IHostApplicationLifetime>(),
            p.GetRequiredService<ILoggerFactory>()));

        // What the library tells of its work is for its own developers; what goes wrong is told.
        services.AddLogging(logging => logging
            .AddFilter("Orleans", LogLevel.Error).AddFilter("Microsoft.Orleans", LogLevel.Error).AddFilter("Polly", LogLevel.Error));
        return services;
    }
}
