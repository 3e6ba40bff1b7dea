using System.Text.Json;
using Dpfah.Engine;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Jobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpfah.Cli;

/// <summary>Imports into the database from this process, as the service would.</summary>
internal sealed class LocalImport : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly EngineOptions engine;
    private readonly IHost host;

    public LocalImport(string? connection, EncoderSettings settings, AddEncoding addEncoding)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        engine = OptionsOf(connection, settings.DataFolder, new ConfigurationBuilder().AddEnvironmentVariables().Build());
        builder.Services.AddDpfahEngine(engine);
        addEncoding(builder.Services, settings);
        host = builder.Build();
    }

    /// <summary>Runs an import to its end.</summary>
    /// <exception cref="CommandException">It could not begin.</exception>
    public async Task<ImportOutcome> RunAsync(
        string collection, ImportSourceFile source, ImportOptions options, TerminalProgress progress, CancellationToken cancellationToken)
    {
        await host.StartAsync(cancellationToken);
        await WaitUntilStartedAsync(progress, cancellationToken);
        ImportStart start = await host.Services.GetRequiredService<Importer>()
            .StartAsync(collection, source.Stream, source.ContentType, options, AuditNames.Terminal, cancellationToken);
        long id = start.Status switch
        {
            ImportStartStatus.Queued => start.Job!.Id,
            ImportStartStatus.NoCollection => throw new CommandException($"There is no collection '{collection}'."),
            ImportStartStatus.Empty => throw new CommandException("The file is empty."),
            _ => throw new CommandException("The file is no zip, tar or tar.gz, and its name ends neither with .ndjson nor with .csv."),
        };

        engine.OnlyJob = id;
        host.Services.GetRequiredService<JobQueue>().Wake();
        JobReader jobs = host.Services.GetRequiredService<JobReader>();
        JobRecord job;
        try
        {
            while (!(job = (await jobs.FindAsync(id, cancellationToken))!).HasEnded)
            {
                progress.Report(($"{job.Stage ?? "waiting"}, {job.Counts.Accepted:N0} entries", 0));
                await Task.Delay(LookEvery, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            await host.Services.GetRequiredService<JobQueue>().CancelAsync(id, CancellationToken.None);
            throw;
        }

        List<JobRejectionRecord> rejections = await jobs.RejectionsAsync(id, 0, 100, cancellationToken);
        return new ImportOutcome(
            id, job.State, job.Counts, DeletedOf(job.Result), job.Error, [.. rejections.Select(rejection => (rejection.Item, rejection.Reason))]);
    }

    /// <summary>Options of a process that imports once and leaves all else in the database to the service.</summary>
    /// <param name="connection">Connection string of PostgreSQL; null for SQLite.</param>
    /// <param name="dataFolder">The data folder.</param>
    /// <param name="configuration">Names the hosts of feeds, by the service's settings.</param>
    internal static EngineOptions OptionsOf(string? connection, string dataFolder, IConfiguration configuration)
    {
        IConfigurationSection section = configuration.GetSection("Dpfah");
        return new EngineOptions
        {
            DataFolder = dataFolder,
            PostgresConnectionString = connection,
            JobKinds = ["import"],
            // Imports that others asked for wait for the service: it may be set up in another way.
            OnlyJob = 0,
            EncodingJobs = 1,
            Housekeeping = false,
            SpooledBytes = long.MaxValue, // Whoever may write to the database needs no protection from himself.
            ImagesPerCollection = section.GetValue<long>(nameof(EngineOptions.ImagesPerCollection)),
            ImportHosts = section.GetSection(nameof(EngineOptions.ImportHosts)).Get<string[]>() ?? [],
            ImportPrivateHosts = section.GetSection(nameof(EngineOptions.ImportPrivateHosts)).Get<string[]>() ?? [],
        };
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        host.Dispose();
    }

    /// <summary>How many pictures a job's result says were deleted.</summary>
    internal static long DeletedOf(string? result) =>
        result is null ? 0 : JsonSerializer.Deserialize<JsonElement>(result).GetProperty("deleted").GetInt64();

    private async Task WaitUntilStartedAsync(TerminalProgress progress, CancellationToken cancellationToken)
    {
        ServiceState state = host.Services.GetRequiredService<ServiceState>();
        Task started = state.WaitUntilStartedAsync(cancellationToken);
        using var patience = new CancellationTokenSource(StartTimeout);
        while (!started.IsCompleted)
        {
            if (patience.IsCancellationRequested)
            {
                throw new CommandException(state.Step.Detail);
            }

            progress.Report(($"Starting: {state.Step.Name}", state.Step.Done ?? 0));
            await Task.WhenAny(started, Task.Delay(LookEvery, cancellationToken));
        }

        await started;
    }
}
