using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Dpfah.Engine.Telemetry;

/// <summary>Under which name the engine measures and traces.</summary>
public static class EngineTelemetry
{
    /// <summary>Name of its meters and of its source of traces.</summary>
    public const string Name = "Dpfah.Engine";

    /// <summary>Instruments of what is not bound to one service of the process.</summary>
    internal static Meter Meter { get; } = new(Name);

    internal static ActivitySource Source { get; } = new(Name);
}
