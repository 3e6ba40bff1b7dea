using System.Diagnostics;
using System.Diagnostics.Metrics;
using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Telemetry;

/// <summary>A part of the way from a request to its answer: measured each time, and traced where somebody listens.</summary>
/// <remarks>Without a listener of traces nothing is allocated: tags are made once, and a run is a value.</remarks>
internal sealed class Stage
{
    private static readonly Histogram<double> Duration = EngineTelemetry.Meter.CreateHistogram(
        "dpfah.stage.duration",
        "s",
        "Time that a stage took, waiting for its turn included; stages that failed are not in it.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
        });

    private readonly string name;
    private readonly KeyValuePair<string, object?> nameTag;
    private readonly KeyValuePair<string, object?> priorityTag;

    private Stage(string name, string priority = "query")
    {
        this.name = name;
        nameTag = new("stage", name);
        priorityTag = new("priority", priority);
    }

    /// <summary>From a picture's bytes to its preview, for somebody who waits.</summary>
    public static Stage Decode { get; } = new("decode");

    /// <summary>The same for a job.</summary>
    public static Stage DecodeInBackground { get; } = new("decode", "background");

    /// <summary>Ranking in the index.</summary>
    public static Stage Search { get; } = new("search");

    /// <summary>A write transaction, whoever it is for.</summary>
    public static Stage Write { get; } = new("write");

    private static Stage Model { get; } = new("model");

    private static Stage ModelInBackground { get; } = new("model", "background");

    /// <summary>From a preview to its codes.</summary>
    public static Stage ModelFor(EncodePriority priority) => priority == EncodePriority.Query ? Model : ModelInBackground;

    /// <summary>Begins the stage; <see cref="Run.Done"/> when it has succeeded.</summary>
    public Run Begin() => new(this);

    /// <summary>One time through a stage.</summary>
    public readonly struct Run : IDisposable
    {
        private readonly Stage stage;
        private readonly long start;
        private readonly Activity? activity;

        internal Run(Stage stage)
        {
            this.stage = stage;

            // As a part of a request or a job; what the service does for itself is nobody's trace.
            activity = Activity.Current is null ? null : EngineTelemetry.Source.StartActivity(stage.name);
            start = Stopwatch.GetTimestamp();
        }

        /// <summary>The stage has succeeded: its time counts.</summary>
        public void Done()
        {
            Duration.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, stage.nameTag, stage.priorityTag);
            activity?.SetStatus(ActivityStatusCode.Ok);
        }

        /// <inheritdoc/>
        public void Dispose() => activity?.Dispose();
    }
}
