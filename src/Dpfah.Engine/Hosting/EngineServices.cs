using Dpfah.Core.Imaging;
using Dpfah.Engine.Access;
using Dpfah.Engine.Auditing;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Decoding;
using Dpfah.Engine.Duplicates;
using Dpfah.Engine.Evaluations;
using Dpfah.Engine.Exports;
using Dpfah.Engine.Feedback;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Health;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Imports.Fetching;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Jobs.Parts;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Dpfah.Engine.Search.Shards;
using Dpfah.Engine.Telemetry;
using Dpfah.Engine.Training;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Hosting;

/// <summary>Registers the engine with a host.</summary>
public static class EngineServices
{
    /// <summary>
    /// Adds the catalogue, its storage and its search. The host adds the seam beside it: <see cref="IPreviewMaker"/>,
    /// <see cref="IImageEncoderFactory"/> and <see cref="Core.Models.IFirstModel"/>; and, if it likes, an <see cref="InitialModel"/>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="options">Where to store; the folder is made when it is missing.</param>
    public static IServiceCollection AddDpfahEngine(this IServiceCollection services, EngineOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(_ => Open(options));
        services.AddSingleton<ServiceState>();
        services.AddSingleton<ModelStore>();
        services.AddSingleton<ModelCache>();
        services.AddSingleton<EncoderPool>();
        services.AddSingleton(p => new IndexFollower(
            p.GetRequiredService<Database>(),
            p.GetRequiredService<ModelStore>(),
            options,
            p.GetRequiredService<RecentQueries>(),
            p.GetRequiredService<ILogger<IndexFollower>>(),
            p.GetService<IShardSearch>()));
        services.AddSingleton<IdentityCheck>();
        services.AddSingleton<Housekeeping>();
        services.TryAddSingleton(DecoderProgram.Beside);
        services.AddSingleton<IDecoding>(p => options.IsolateDecoder
            ? ActivatorUtilities.CreateInstance<DecodingInChildren>(p)
            : new DecodingInProcess(p.GetRequiredService<IPreviewMaker>()));
        services.AddSingleton(p => new PictureEncoder(
            p.GetRequiredService<IDecoding>(), p.GetRequiredService<EncoderPool>(), options));
        services.AddSingleton(p => new SearchService(
            p.GetRequiredService<IndexFollower>(), p.GetRequiredService<ServiceState>(), p.GetRequiredService<ImageReader>(), p.GetService<IShardSearch>()));
        services.AddSingleton(p => new HealthService(p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<HealthService>>()));
        services.AddSingleton(p => new ModelCatalogue(
            p.GetRequiredService<Database>(), p.GetRequiredService<ModelStore>(), p.GetRequiredService<EncoderPool>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new ApiKeyStore(p.GetRequiredService<Database>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new AuditReader(p.GetRequiredService<Database>()));
        services.AddSingleton(p => new ImageReader(p.GetRequiredService<Database>()));
        services.AddSingleton<ImageQuota>();
        services.AddSingleton(p => new ImageStore(
            p.GetRequiredService<Database>(),
            p.GetRequiredService<PictureEncoder>(),
            p.GetRequiredService<ImageQuota>(),
            p.GetRequiredService<IndexFollower>(),
            p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new CollectionStore(
            p.GetRequiredService<Database>(),
            p.GetRequiredService<ModelStore>(),
            p.GetRequiredService<EncoderPool>(),
            p.GetRequiredService<IndexFollower>(),
            p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<JobSignal>();
        services.AddSingleton<JobClaims>();
        services.AddSingleton<JobLoad>();
        services.AddSingleton<PartBoard>();
        services.AddSingleton<CodeMakers>();
        services.AddSingleton(p => new JobQueue(
            p.GetRequiredService<Database>(),
            p.GetRequiredService<JobClaims>(),
            p.GetRequiredService<JobSignal>(),
            p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new JobReader(p.GetRequiredService<Database>(), p.GetRequiredService<JobSignal>()));
        services.AddSingleton<JobCleaning>();
        services.AddSingleton(p => new BlobStore(p.GetRequiredService<Database>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new SpoolLimit(p.GetRequiredService<Database>(), options));
        services.AddSingleton(p => new DuplicatesService(p.GetRequiredService<Database>(), p.GetRequiredService<JobQueue>()));
        services.AddSingleton(p => new NotDuplicateStore(p.GetRequiredService<Database>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IJobHandler, DuplicatesJob>();
        services.AddSingleton(p => new FeedbackStore(
            p.GetRequiredService<Database>(), p.GetRequiredService<ModelStore>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<PreviewHashing>();
        services.AddSingleton<EvaluationTargets>();
        services.AddSingleton<IJobHandler, EvaluationJob>();
        services.AddSingleton(p => new EvaluationService(
            p.GetRequiredService<Database>(), p.GetRequiredService<JobQueue>(), p.GetRequiredService<EvaluationTargets>()));
        services.AddSingleton<PictureFetcher>();
        services.AddSingleton<EntryPreparer>();
        services.AddSingleton<ImportPipeline>();
        services.AddSingleton<SlowImport>();
        services.AddSingleton<ImportWriter>();
        services.AddSingleton<ItemRemoval>();
        services.AddSingleton<IJobHandler, ImportJob>();
        services.AddSingleton<IPartHandler, ImportPartHandler>();
        services.AddSingleton(p => new Exporter(p.GetRequiredService<Database>(), options));
        services.AddSingleton(p => new Importer(
            p.GetRequiredService<Database>(),
            p.GetRequiredService<BlobStore>(),
            p.GetRequiredService<SpoolLimit>(),
            p.GetRequiredService<JobQueue>(),
            options));
        services.AddSingleton<RecentQueries>();
        services.AddSingleton<SeenPictures>();
        services.AddSingleton<GenerationFiller>();
        services.AddSingleton<GenerationSwitching>();
        services.AddSingleton<GenerationComparer>();
        services.AddSingleton<IJobHandler, GenerationJob>();
        services.AddSingleton<IPartHandler, FillPartHandler>();
        services.AddSingleton(p => new GenerationStore(
            p.GetRequiredService<Database>(),
            p.GetRequiredService<EncoderPool>(),
            p.GetRequiredService<JobQueue>(),
            p.GetRequiredService<GenerationFiller>(),
            p.GetRequiredService<GenerationSwitching>(),
            p.GetRequiredService<IndexFollower>(),
            p.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(TrainingProgram.Beside);
        services.AddSingleton<TrainingItems>();
        services.AddSingleton<TrainingFeedback>();
        services.AddSingleton<TrainingPictures>();
        services.AddSingleton<TrainingLeftovers>();
        services.AddSingleton<TrainedPictures>();
        services.AddSingleton<IJobHandler, TrainingHandler>();
        services.AddSingleton(p => new TrainingJobs(
            p.GetRequiredService<Database>(), p.GetRequiredService<TrainingItems>(), p.GetRequiredService<ModelStore>(), p.GetRequiredService<JobQueue>()));
        services.AddHostedService<EngineService>();
        if (!options.ReadOnly)
        {
            services.AddHostedService<JobWorker>();
            services.AddHostedService<PartWorker>();
            if (RetrainSchedule.IsWanted(options))
            {
                services.AddHostedService<RetrainSchedule>();
            }
        }

        return services;
    }

    /// <summary>Lets the service know callers by the keys of its database.</summary>
    public static IServiceCollection AddDpfahKeys(this IServiceCollection services)
    {
        services.AddSingleton(p => new ApiKeyFollower(
            p.GetRequiredService<ApiKeyStore>(),
            p.GetRequiredService<ServiceState>(),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<ApiKeyFollower>>()));
        return services.AddHostedService(p => p.GetRequiredService<ApiKeyFollower>());
    }

    /// <summary>Lets the service tell of itself by metrics: <see cref="EngineTelemetry.Name"/>.</summary>
    public static IServiceCollection AddDpfahGauges(this IServiceCollection services)
    {
        services.AddSingleton<Observer>();
        services.AddHostedService(p => p.GetRequiredService<Observer>());
        return services.AddHostedService<EngineGauges>();
    }

    /// <summary>Opens the database that the options name; nothing is read or written yet, but for the folder of a file.</summary>
    internal static Database Open(EngineOptions options)
    {
        Directory.CreateDirectory(options.DataFolder);
        return string.IsNullOrWhiteSpace(options.PostgresConnectionString)
            ? new SqliteDatabase(Path.Combine(options.DataFolder, EngineOptions.SqliteFileName))
            : new PostgresDatabase(options.PostgresConnectionString);
    }
}
