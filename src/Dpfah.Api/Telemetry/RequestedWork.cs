using System.Diagnostics;
using OpenTelemetry;

namespace Dpfah.Api.Telemetry;

/// <summary>
/// Lets no statement through that belongs to no request and no job: the log is looked at five times a second, which is nobody's trace.
/// </summary>
internal sealed class RequestedWork : BaseProcessor<Activity>
{
    /// <summary>Source of statements to PostgreSQL.</summary>
    public const string Statements = "Npgsql";

    /// <inheritdoc/>
    public override void OnEnd(Activity data)
    {
        if (data.Source.Name == Statements && data.ParentSpanId == default)
        {
            // What is not recorded is not exported.
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }
}
