using Dpfah.Api.Hosting;
using Dpfah.Core.Models;
using Dpfah.Engine;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Models;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Dpfah.FunctionalTests.Nodes;

/// <summary>Models for nodes, put into their database as the service itself would not take one without a network.</summary>
internal static class NodeModels
{
    /// <summary>Adds one.</summary>
    /// <param name="connectionString">Of the database that a service has used.</param>
    /// <param name="milliseconds">How long a picture takes it, one at a time.</param>
    /// <returns>Its name, by which its codes differ from all others.</returns>
    public static async Task<string> AddAsync(string connectionString, int milliseconds = 0)
    {
        string name = $"m-{Guid.NewGuid():n}";
        using var files = new TemporaryFolder();
        var description = new ModelDescription
        {
            Name = name,
            Method = "dpfah",
            Bits = GenerationOrders.Bits,
            Backbone = new BackboneDescription("resnet18", 2, false, ""),
            Preprocessing = new Preprocessing(256, 224, [0, 0, 0], [1, 1, 1]),
            Parameters = new Dictionary<string, string>
            {
                [HashEncoding.TimeParameter] = $"{milliseconds}",
                [HashEncoding.SaltParameter] = name,
                [HashEncoding.MuteParameter] = "yes",
            },
        };
        var services = new ServiceCollection();
        services.AddLogging().AddDpfahEngine(new EngineOptions
        {
            DataFolder = files["data"],
            PostgresConnectionString = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString,
        });
        HashEncoding.Add(services, new ServiceOptions());
        await using ServiceProvider provider = services.BuildServiceProvider();
        await provider.GetRequiredService<ModelStore>().ImportAsync(HashEncoding.Write(files.Path, description), CancellationToken.None);
        return name;
    }
}
