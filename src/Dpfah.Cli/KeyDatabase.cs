using System.Data.Common;
using System.Net.Sockets;
using Dpfah.Engine;
using Dpfah.Engine.Access;
using Dpfah.Engine.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.Cli;

/// <summary>The service's database, as far as its keys go: nothing else of the engine is started.</summary>
internal sealed class KeyDatabase : IAsyncDisposable
{
    private readonly ServiceProvider services;

    private KeyDatabase(ServiceProvider services) => this.services = services;

    /// <summary>The keys.</summary>
    public ApiKeyStore Keys => services.GetRequiredService<ApiKeyStore>();

    /// <summary>Opens the database and brings its schema up to date.</summary>
    /// <param name="options">Where it is.</param>
    /// <param name="isMade">Whether it is made when it is not there: the first key may come before the service's first start.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CommandException">It is not there, or does not answer.</exception>
    public static async Task<KeyDatabase> OpenAsync(EngineOptions options, bool isMade, CancellationToken cancellationToken)
    {
        string file = Path.Combine(options.DataFolder, EngineOptions.SqliteFileName);
        if (!isMade && string.IsNullOrWhiteSpace(options.PostgresConnectionString) && !File.Exists(file))
        {
            throw new CommandException($"There is no database '{file}'. Name the service's folder by --data, or PostgreSQL by --connection.");
        }

        ServiceProvider services = new ServiceCollection().AddLogging().AddDpfahEngine(options).BuildServiceProvider();
        try
        {
            await services.GetRequiredService<ApiKeyStore>().PrepareAsync(cancellationToken);
            return new KeyDatabase(services);
        }
        catch (Exception error) when (error is DbException or SocketException or InvalidOperationException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            await services.DisposeAsync();
            throw new CommandException($"The database cannot be opened: {error.GetBaseException().Message}", error);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => services.DisposeAsync();
}
