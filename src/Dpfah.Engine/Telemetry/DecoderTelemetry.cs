using System.Diagnostics.Metrics;

namespace Dpfah.Engine.Telemetry;

/// <summary>Instruments of the processes that decode pictures.</summary>
internal static class DecoderTelemetry
{
    /// <summary>A picture ended its process.</summary>
    public static readonly KeyValuePair<string, object?> Crash = new("reason", "crash");

    /// <summary>Something else killed a process while it had a picture.</summary>
    public static readonly KeyValuePair<string, object?> Kill = new("reason", "kill");

    /// <summary>A picture took too long.</summary>
    public static readonly KeyValuePair<string, object?> Slow = new("reason", "slow");

    /// <summary>A process ended while it had no picture.</summary>
    public static readonly KeyValuePair<string, object?> Idle = new("reason", "idle");

    /// <summary>Processes that run.</summary>
    public static readonly UpDownCounter<int> Processes = EngineTelemetry.Meter.CreateUpDownCounter<int>(
        "dpfah.decoders", "{process}", "Processes that decode pictures.");

    /// <summary>Processes that were lost.</summary>
    public static readonly Counter<long> Ends = EngineTelemetry.Meter.CreateCounter<long>(
        "dpfah.decoder.ends", "{process}", "Processes that decode pictures which were lost, by reason: crash, kill, slow, or idle.");

    /// <summary>Tells that there was no such thing yet: what is not told cannot be watched for its growth.</summary>
    public static void TellNone()
    {
        Ends.Add(0, Crash);
        Ends.Add(0, Kill);
        Ends.Add(0, Slow);
        Ends.Add(0, Idle);
    }
}
