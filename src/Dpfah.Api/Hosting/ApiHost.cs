using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dpfah.Api.Access;
using Dpfah.Api.Auditing;
using Dpfah.Api.Collections;
using Dpfah.Api.Duplicates;
using Dpfah.Api.Evaluations;
using Dpfah.Api.Explanations;
using Dpfah.Api.Exports;
using Dpfah.Api.Feedback;
using Dpfah.Api.Generations;
using Dpfah.Api.Health;
using Dpfah.Api.Http;
using Dpfah.Api.Images;
using Dpfah.Api.Imports;
using Dpfah.Api.Jobs;
using Dpfah.Api.Models;
using Dpfah.Api.OpenApi;
using Dpfah.Api.Page;
using Dpfah.Api.Search;
using Dpfah.Api.Telemetry;
using Dpfah.Api.Training;
using Dpfah.Engine;
using Dpfah.Engine.Access;
using Dpfah.Engine.Evaluations;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Training;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;

namespace Dpfah.Api.Hosting;

/// <summary>The one composition root: the program, the tests and the benchmarks run the same service.</summary>
public static class ApiHost
{
    /// <summary>Environment variable of the admin key.</summary>
    public const string AdminKeyVariable = "DPFAH_ADMIN_KEY";

    /// <summary>Where the service listens when nothing else is configured.</summary>
    public const string DefaultUrl = "http://127.0.0.1:8080";

    /// <summary>Argument that opens the service to other machines without a key.</summary>
    public const string InsecureArgument = "--insecure";

    private const int MinKeyLength = 16;

    /// <summary>Runs the service until it is told to stop.</summary>
    /// <param name="args">Command line, as for <see cref="Build"/>.</param>
    /// <param name="addEncoding">Registers the seam between pictures and codes.</param>
    /// <param name="whenListening">What the program does beside; it ends when the service stops.</param>
    /// <returns>Exit code: 0 after a stop that was asked for; 1 when a setting is wrong or taken, with a sentence on standard error.</returns>
    public static async Task<int> RunAsync(
        string[] args, Action<IServiceCollection, ServiceOptions> addEncoding, Func<WebApplication, Task>? whenListening = null)
    {
        try
        {
            await using WebApplication app = Build(args, addEncoding);
            await app.StartAsync();
            await (whenListening?.Invoke(app) ?? Task.CompletedTask);
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception error) when (
            error is InvalidOperationException or FormatException or IOException or SocketException or UnauthorizedAccessException)
        {
            // A wrong setting, a port that is taken, a folder that is closed: a sentence helps, a stack trace does not.
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }

    /// <summary>Builds the service; nothing runs before it is started.</summary>
    /// <param name="args">Command line: settings as <c>--urls http://…</c> or <c>--Dpfah:Device cpu</c>, and <see cref="InsecureArgument"/>.</param>
    /// <param name="addEncoding">Registers the seam between pictures and codes.</param>
    /// <exception cref="InvalidOperationException">A setting is not valid; the message says which and why.</exception>
    public static WebApplication Build(string[] args, Action<IServiceCollection, ServiceOptions> addEncoding)
    {
        bool isInsecure = args.Contains(InsecureArgument);
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = [.. args.Where(arg => arg != InsecureArgument)],
            // Settings files and the page lie beside the program, wherever it is started from.
            ContentRootPath = AppContext.BaseDirectory,
        });
        ServiceOptions options = ServiceOptions.Read(builder.Configuration);
        ConfigurationManager configuration = builder.Configuration;
        if (string.IsNullOrEmpty($"{configuration["urls"]}{configuration["http_ports"]}{configuration["https_ports"]}"))
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        builder.AddDpfahLogs(options);
        EngineOptions engine = ReadEngine(options, configuration);
        AddAccess(builder, engine, isInsecure);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = ApiLimits.MaxBodyBytes;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Draining.StopTimeout);
        builder.Services.AddSingleton(options);
        builder.Services.AddHostedService<Draining>();
        builder.Services.AddDpfahEngine(engine);
        builder.AddDpfahTelemetry();
        builder.Services.AddSingleton(new TrainingProgram(
            options.TrainingProgram is { Length: > 0 } program ? program : TrainingProgram.Beside.Assembly, options.TrainingNice));
        builder.Services.AddSingleton(new TrainingDefaults(options));
        addEncoding(builder.Services, options);
        builder.Services.AddSingleton<IFigureMaker, FigureMaker>();
        builder.Services.AddSingleton<IDatasetReader>(new DatasetReader(options));
        builder.Services.AddScoped<RankingResponder>();
        builder.Services.AddSingleton<HeatMapResponder>();
        builder.Services.AddScoped<VisibleModels>();
        builder.Services.AddScoped<VisibleEvaluations>();
        builder.Services.AddExceptionHandler<ProblemHandler>();
        builder.Services.AddDpfahOpenApi();
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            // Numbers are numbers: the document would otherwise offer text for each of them.
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
        });

        WebApplication app = builder.Build();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            // ProblemHandler answers every exception and logs what deserves it.
            ExceptionHandler = _ => Task.CompletedTask,
            SuppressDiagnosticsCallback = _ => true,
        });
        app.UseStatusCodePages(context => Problems
            .ForStatus(context.HttpContext.Response.StatusCode, context.HttpContext.Request).ExecuteAsync(context.HttpContext));
        app.Use((context, next) =>
        {
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return next(context);
        });
        app.UseDraining();
        app.UseLocalNamesOnly();
        app.UseCrossSiteRule();
        app.UseWebPage();
        app.UseRawPath();
        app.MapDpfahOpenApi();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseCollectionScope();
        app.UseCollectionInLogs();
        app.MapSearch();
        app.MapSearchBatch();
        app.MapExplanations();
        app.MapCollections();
        app.MapGenerations();
        app.MapImages();
        app.MapModels();
        app.MapEvaluations();
        app.MapJobs();
        app.MapDuplicates();
        app.MapNotDuplicates();
        app.MapFeedback();
        app.MapImports();
        app.MapExports();
        app.MapTraining();
        app.MapKeys();
        app.MapAudit();
        app.MapSession();
        app.MapHealth();
        app.MapMetrics();
        return app;
    }

    private static EngineOptions ReadEngine(ServiceOptions options, IConfiguration configuration) => new()
    {
        DataFolder = options.DataFolder,
        PostgresConnectionString = configuration.GetConnectionString(ServiceOptions.DatabaseName),
        JobLease = options.JobLease,
        JobRetention = options.JobRetention,
        EncodingJobs = options.EncodingJobs,
        GeneralJobs = options.GeneralJobs,
        ImportBytes = options.ImportBytes,
        ImportHosts = options.ImportHosts,
        ImportPrivateHosts = options.ImportPrivateHosts,
        RetrainAfterLabels = options.RetrainAfterLabels,
        RetrainEvery = options.RetrainEvery,
        QualityEvery = options.QualityEvery,
        ObservedCollections = options.ObservedCollections,
    };

    private static void AddAccess(WebApplicationBuilder builder, EngineOptions engine, bool isInsecure)
    {
        string? key = builder.Configuration[AdminKeyVariable];
        string? open = string.IsNullOrEmpty(key) ? LoopbackRule.FindOpenAddress(builder.Configuration) : null;
        if (open is not null && !isInsecure && !ApiKeyStore.HasKeysAsync(engine).GetAwaiter().GetResult())
        {
            throw new InvalidOperationException(
                $"'{open}' can be reached from other machines, and there is no key. Set {AdminKeyVariable} to at least {MinKeyLength} random characters "
                + $"(such as the output of 'openssl rand -hex 32'), or make a key by 'dpfah keys create', or listen on {DefaultUrl}. "
                + $"With {InsecureArgument} everybody who reaches it may do everything.");
        }

        if (key is { Length: > 0 and < MinKeyLength })
        {
            throw new InvalidOperationException(
                $"{AdminKeyVariable} has {key.Length} characters; a key has at least {MinKeyLength}. Take the output of 'openssl rand -hex 32'.");
        }

        builder.Services.AddSingleton(new KeyRules(string.IsNullOrEmpty(key) ? null : KeyRules.Hash(key), open is not null && !isInsecure, isInsecure));
        builder.Services.AddDpfahKeys();
        builder.Services.AddSingleton<KeyGate>();
        builder.Services.AddAuthentication(ApiKeyHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null);
        builder.Services.AddDpfahPolicies();
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddScoped(services => CollectionScope.Of(services.GetRequiredService<IHttpContextAccessor>().HttpContext!.User));

        // Nothing is encrypted for later: no key file is written.
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
    }
}
