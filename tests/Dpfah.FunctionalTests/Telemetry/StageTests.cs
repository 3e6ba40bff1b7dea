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

        long before = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        Measure();
        TimeSpan each = Stopwatch.GetElapsedTime(start) / (3 * Runs);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        TestContext.Current.TestOutputHelper?.WriteLine($"{each.TotalNanoseconds:0} ns a stage");
        Assert.InRange(each.TotalMicroseconds, 0, 10);
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
