using System.Net.Sockets;
using System.Runtime.CompilerServices;
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
using Dpfah.Api.Limits;
using Dpfah.Api.Models;
using Dpfah.Api.OpenApi;
using Dpfah.Api.Page;
using Dpfah.Api.Search;
using Dpfah.Api.Telemetry;
using Dpfah.Api.Training;
using Dpfah.Cluster;
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
        ConfigurationManager configuration = builder.Configuration;
        var errors = new List<string>();
        ServiceOptions options = ServiceOptions.Read(configuration, errors);
        if (string.IsNullOrEmpty($"{configuration["urls"]}{configuration["http_ports"]}{configuration["https_ports"]}"))
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }

        LoopbackRule.CheckAddresses(configuration, errors);
        EngineOptions engine = ReadEngine(options, configuration);
        AddAccess(builder, options, engine, isInsecure, errors);
        ServiceOptions.ThrowIfAny(errors);
        builder.AddDpfahLogs(options);
        builder.Services.AddSingleton(options);
        var proxies = new ProxyRules(options);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = ApiLimits.MaxBodyBytes;
            kestrel.Limits.RequestHeadersTimeout = ApiLimits.HeadersTimeout;
            kestrel.Limits.MaxConcurrentConnections = options.Connections == 0 ? null : options.Connections;
            if (options.ConnectionsPerAddress > 0)
            {
                kestrel.ConfigureEndpointDefaults(new ConnectionLimit(proxies, options.ConnectionsPerAddress).Use);
            }
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Draining.StopTimeout);
        builder.Services.AddHostedService<Draining>();
        builder.Services.AddRateLimits(options);
        builder.Services.AddTimeouts(options);
        builder.Services.AddDpfahEngine(engine);
        if (options.ClusterAddress.Length > 0)
        {
            AddCluster(builder.Services, options, engine);
        }

        builder.AddDpfahTelemetry();
        builder.Services.AddSingleton(new TrainingProgram(
            options.TrainingProgram is { Length: > 0 } program ? program : TrainingProgram.Beside.Assembly, options.TrainingNice));
        builder.Services.AddSingleton(new TrainingDefaults(options));
        addEncoding(builder.Services, options);
        builder.Services.AddSingleton<IFigureMaker, FigureMaker>();
        builder.Services.AddSingleton<IDatasetReader>(new DatasetReader(options));
        builder.Services.AddScoped<RankingResponder>();
        builder.Services.AddSingleton<HeatMapResponder>();
        builder.Services.AddSingleton<EventStreams>();
        builder.Services.AddScoped<VisibleModels>();
        builder.Services.AddScoped<VisibleEvaluations>();
        builder.Services.AddExceptionHandler<ProblemHandler>();
        builder.Services.AddDpfahOpenApi(options.PathBase);
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            // Numbers are numbers: the document would otherwise offer text for each of them.
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.TypeInfoResolver = ApiJson.Default;
            json.SerializerOptions.AddPathBase(options.PathBase);
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
        proxies.Use(app);
        app.UsePathBaseRule(options.PathBase);
        app.UseCrossSiteRule();
        app.UseWebPage();
        app.UseRawPath();
        app.MapDpfahOpenApi();
        app.UseRouting();
        app.UseRequestTimeouts();
        app.UseAuthentication();
        app.UseRateLimiter();
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
        app.MapLimits();
        app.MapHealth();
        app.MapMetrics();
        PathBaseRule.ThrowIfTaken(app, options.PathBase);
        return app;
    }

    // By itself, so that a service without a cluster does not even load the library.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddCluster(IServiceCollection services, ServiceOptions options, EngineOptions engine) => services.AddDpfahCluster(new ClusterOptions
    {
        Address = options.ReadClusterAddress()!,
        ConnectionString = engine.PostgresConnectionString!,
        ShardTimeout = options.ShardTimeout,
    });

    private static EngineOptions ReadEngine(ServiceOptions options, IConfiguration configuration) => new()
    {
        DataFolder = options.DataFolder,
        PostgresConnectionString = configuration.GetConnectionString(ServiceOptions.DatabaseName),
        ReadyLag = options.ReadyLag,
        JobLease = options.JobLease,
        JobRetention = options.JobRetention,
        EncodingJobs = options.EncodingJobs,
        GeneralJobs = options.GeneralJobs,
        ImportBytes = options.ImportBytes,
        SpooledBytes = options.SpooledBytes,
        ImagesPerCollection = options.ImagesPerCollection,
        PicturesInWork = options.PicturesInWork,
        IsolateDecoder = options.IsolateDecoder,
        DecodeTimeout = options.DecodeTimeout,
        DecoderBytes = options.DecoderBytes,
        ImportHosts = options.ImportHosts,
        ImportPrivateHosts = options.ImportPrivateHosts,
        RetrainAfterLabels = options.RetrainAfterLabels,
        RetrainEvery = options.RetrainEvery,
        QualityEvery = options.QualityEvery,
        ObservedCollections = options.ObservedCollections,
    };

    private static void AddAccess(WebApplicationBuilder builder, ServiceOptions options, EngineOptions engine, bool isInsecure, List<string> errors)
    {
        ConfigurationManager configuration = builder.Configuration;
        string? key = configuration[AdminKeyVariable];
        if (key is { Length: > 0 and < MinKeyLength })
        {
            errors.Add($"{AdminKeyVariable} has {key.Length} characters; a key has at least {MinKeyLength}. Take the output of 'openssl rand -hex 32'.");
        }

        if (configuration.GetValue("FORWARDEDHEADERS_ENABLED", "") is { Length: > 0 } enabled && !enabled.Equals("false", StringComparison.OrdinalIgnoreCase))
        {
            errors.Add("ASPNETCORE_FORWARDEDHEADERS_ENABLED would have everybody believed whose address he says is his. Leave it out, and name your proxies by Dpfah:Proxies:0, and so on.");
        }

        string? open = !string.IsNullOrEmpty(key)
            ? null
            : LoopbackRule.FindOpenAddress(configuration) is { } address ? $"'{address}' can be reached from other machines"
            : options.Proxies.Length > 0 ? $"The proxy '{options.Proxies[0]}' (Dpfah:Proxies) lets other machines in" : null;
        if (open is not null && !isInsecure && !HasKeys(engine))
        {
            errors.Add(
                $"{open}, and there is no key. Set {AdminKeyVariable} to at least {MinKeyLength} random characters "
                + $"(such as the output of 'openssl rand -hex 32'), or make a key by 'dpfah keys create', or listen on {DefaultUrl} without a proxy. "
                + $"With {InsecureArgument} everybody who reaches it may do everything.");
        }

        builder.Services.AddSingleton(new KeyRules(string.IsNullOrEmpty(key) ? null : KeyRules.Hash(key), open is not null && !isInsecure, isInsecure));
        builder.Services.AddDpfahKeys();
        builder.Services.AddSingleton<KeyGate>();
        builder.Services.AddSingleton<KeyAttempts>();
        builder.Services.AddAuthentication(ApiKeyHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null);
        builder.Services.AddDpfahPolicies();
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddScoped(services => CollectionScope.Of(services.GetRequiredService<IHttpContextAccessor>().HttpContext!.User));

        // Nothing is encrypted for later: no key file is written.
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
    }

    private static bool HasKeys(EngineOptions engine)
    {
        try
        {
            return ApiKeyStore.HasKeysAsync(engine).GetAwaiter().GetResult();
        }
        catch (ArgumentException)
        {
            // No connection string, which is told beside.
            return false;
        }
    }
}
