using System.Reflection;
using Dpfah.Api.Hosting;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Telemetry;
using Dpfah.Learning.Encoders;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Dpfah.Api.Telemetry;

/// <summary>Metrics for Prometheus; and metrics and traces by OTLP where a collector is named.</summary>
/// <remarks>
/// The exporter for Prometheus is a beta and will stay one until the specification of its format is final. It is taken all the same: the
/// other library for it, prometheus-net, has had no release since early 2024, and would bring instruments of its own beside those of .NET.
/// What can break is the names in one text format, and a test holds those against the dashboard.
/// </remarks>
internal static class TelemetrySetup
{
    /// <summary>The standard setting that names a collector, such as <c>http://localhost:4317</c>.</summary>
    public const string CollectorVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string ServiceNameVariable = "OTEL_SERVICE_NAME";

    // Runtime, HTTP and Kestrel measure by themselves.
    private static readonly string[] Meters =
    [
        EngineTelemetry.Name, EncoderTelemetry.Name, ApiTelemetry.Name, "System.Runtime", "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting",
    ];

    /// <summary>Adds what measures and what exports.</summary>
    public static void AddDpfahTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddDpfahGauges();
        bool hasCollector = !string.IsNullOrEmpty(builder.Configuration[CollectorVariable]);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                builder.Configuration[ServiceNameVariable] ?? "dpfah",
                serviceVersion: typeof(TelemetrySetup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Meters).AddPrometheusExporter();
                if (hasCollector)
                {
                    metrics.AddOtlpExporter();
                }
            });
        if (hasCollector)
        {
            telemetry.WithTracing(traces => traces
                .AddSource(EngineTelemetry.Name, RequestedWork.Statements)
                .AddAspNetCoreInstrumentation()
                .AddProcessor<RequestedWork>()
                .AddOtlpExporter());
        }
    }

    /// <summary>Writes logs for people or, by <see cref="ServiceOptions.LogFormat"/>, for programs: a JSON object a line.</summary>
    public static void AddDpfahLogs(this WebApplicationBuilder builder, ServiceOptions options)
    {
        if (options.LogFormat == ServiceOptions.JsonLogs)
        {
            builder.Logging.AddJsonConsole(json =>
            {
                json.IncludeScopes = true;
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
    }
}
