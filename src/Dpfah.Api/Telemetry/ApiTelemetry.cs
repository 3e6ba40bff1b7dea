using System.Diagnostics.Metrics;

namespace Dpfah.Api.Telemetry;

/// <summary>What the HTTP side measures beside what ASP.NET Core does.</summary>
internal static class ApiTelemetry
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Dpfah.Api";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Problems = Meter.CreateCounter<long>(
        "dpfah.problems", "{answer}", "Answers that refused or failed, by status and by the problem's code.");

    /// <summary>Counts a problem that is told to a caller.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="code">One of the codes in <see cref="Http.Problems"/>: few, and none of them from a caller.</param>
    public static void CountProblem(int status, string code) => Problems.Add(1, new("status", status), new("code", code));
}
