using System.Diagnostics;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Dpfah.FunctionalTests.Telemetry;

/// <summary>What measuring costs the way of a search.</summary>
public sealed class StageTests
{
    private const int Runs = 20_000;

    [Fact]
    public void A_stage_that_is_measured_allocates_nothing()
    {
        using MeterProvider provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter(EngineTelemetry.Name)
            .AddReader(new BaseExportingMetricReader(new Sink()))
            .Build();
        Measure();

        // The least of several: services of other tests in this process begin to listen too, which costs once.
        (long Bytes, TimeSpan Each) least = Enumerable.Range(0, 5).Select(_ =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
            Measure();
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            return (GC.GetAllocatedBytesForCurrentThread() - before, took / (3 * Runs));
        }).Min();

        Assert.Equal(0, least.Bytes);
        TestContext.Current.TestOutputHelper?.WriteLine($"{least.Each.TotalNanoseconds:0} ns a stage");
        Assert.InRange(least.Each.TotalMicroseconds, 0, 10);
    }

    private static void Measure()
    {
        for (int i = 0; i < Runs; i++)
        {
            foreach (Stage stage in (ReadOnlySpan<Stage>)[Stage.Decode, Stage.ModelFor(EncodePriority.Query), Stage.Search])
            {
                using Stage.Run run = stage.Begin();
                run.Done();
            }
        }
    }

    private sealed class Sink : BaseExporter<Metric>
    {
        public override ExportResult Export(in Batch<Metric> batch) => ExportResult.Success;
    }
}
