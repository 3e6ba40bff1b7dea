using System.Diagnostics.Metrics;

namespace Dpfah.Learning.Encoders;

/// <summary>What the encoders of this process measure about themselves, all models together.</summary>
public static class EncoderTelemetry
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "Dpfah.Learning";

    private static readonly Meter Meter = new(Name);

    /// <summary>Pictures that wait for the network or are prepared for it.</summary>
    internal static UpDownCounter<int> Queue { get; } = Meter.CreateUpDownCounter<int>(
        "dpfah.encoder.queue", "{image}", "Pictures that wait for the network or are prepared for it.");

    /// <summary>Pictures that were turned away.</summary>
    internal static Counter<long> Refusals { get; } = Meter.CreateCounter<long>(
        "dpfah.encoder.refusals", "{image}", "Pictures and explanations that were turned away because too many waited.");

    /// <summary>Pictures of a batch.</summary>
    internal static Histogram<int> BatchSize { get; } = Meter.CreateHistogram(
        "dpfah.encoder.batch.size",
        "{image}",
        "Pictures that the network computed together.",
        advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128] });

    /// <summary>How long a batch took.</summary>
    internal static Histogram<double> BatchDuration { get; } = Meter.CreateHistogram(
        "dpfah.encoder.batch.duration",
        "s",
        "Time of the network for one batch.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] });
}
