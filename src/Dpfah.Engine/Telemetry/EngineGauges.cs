using System.Diagnostics.Metrics;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.Extensions.Hosting;

namespace Dpfah.Engine.Telemetry;

/// <summary>Instruments of what is in this service's memory, read when somebody asks for them.</summary>
internal sealed class EngineGauges : IHostedService, IDisposable
{
    /// <summary>In place of a name, the collections that have no series of their own; no collection can be called so.</summary>
    private const string Others = "(others)";

    private readonly Meter meter = new(EngineTelemetry.Name);
    private readonly IndexFollower follower;
    private readonly Observer observer;

    public EngineGauges(IndexFollower follower, EncoderPool encoders, ServiceState state, Observer observer)
    {
        (this.follower, this.observer) = (follower, observer);
        meter.CreateObservableGauge("dpfah.ready", () => state.IsReady ? 1 : 0, null, "1 when requests are answered.");
        meter.CreateObservableGauge(
            "dpfah.database.up", () => state.HasStarted && state.DatabaseProblem is null ? 1 : 0, null, "1 when the database has answered last.");
        meter.CreateObservableGauge("dpfah.collections", () => follower.Collections.Count, "{collection}", "Collections.");
        meter.CreateObservableGauge("dpfah.index.codes", Codes, "{code}", "Codes in the index of this node, by collection.");
        meter.CreateObservableGauge("dpfah.index.memory", Bytes, "By", "Memory of codes, signatures and numbers in the index, by collection.");
        meter.CreateObservableGauge("dpfah.index.lag", () => follower.Lag.Age.TotalSeconds, "s", "Age of what searches see; one for all collections.");
        meter.CreateObservableGauge(
            "dpfah.index.behind", () => follower.Lag.Positions, "{position}", "Positions of the change log that the index has not reached; one for all collections.");
        meter.CreateObservableGauge("dpfah.encoders.open", () => encoders.Open.Count, "{encoder}", "Encoders in memory, one a model.");
        meter.CreateObservableGauge("dpfah.jobs", Jobs, "{job}", "Jobs that the database knows, by kind and state; those of all nodes.");
        meter.CreateObservableGauge("dpfah.retrieval.map", () => Retrieval(found => found.Map), "1", "mAP of a sample of labelled pictures, by collection.");
        meter.CreateObservableGauge(
            "dpfah.retrieval.precision", () => Retrieval(found => found.PrecisionAt10), "1", "Precision of the first 10 results for a sample of labelled pictures, by collection.");
        meter.CreateObservableGauge(
            "dpfah.retrieval.sample", () => Retrieval(found => found.Database), "{image}", "Labelled pictures among which these were measured, by collection.");
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private List<Measurement<long>> Codes() => ByCollection(collection => follower.IndexesOf(collection).Sum(index => (long)index.Snapshot.Count));

    private List<Measurement<long>> Bytes() => ByCollection(collection => follower.IndexesOf(collection).Sum(index => index.Snapshot.MemoryBytes));

    private List<Measurement<long>> ByCollection(Func<CollectionIndex, long> measure)
    {
        CollectionIndex[] shown = [.. observer.Shown];
        List<Measurement<long>> values = [.. shown.Select(c => new Measurement<long>(measure(c), Tag(c.Name)))];
        CollectionIndex[] others = [.. follower.Collections.Values.Except(shown)];
        if (others.Length > 0)
        {
            values.Add(new Measurement<long>(others.Sum(measure), Tag(Others)));
        }

        return values;
    }

    private IEnumerable<Measurement<int>> Jobs() => observer.Jobs.Select(
        jobs => new Measurement<int>(jobs.Count, new("kind", jobs.Kind), new KeyValuePair<string, object?>("state", jobs.State.ToString().ToLowerInvariant())));

    private IEnumerable<Measurement<double>> Retrieval(Func<LiveRetrieval, double> of) =>
        observer.Retrieval.Select(pair => new Measurement<double>(of(pair.Value), Tag(pair.Key)));

    private static KeyValuePair<string, object?> Tag(string collection) => new("collection", collection);
}
