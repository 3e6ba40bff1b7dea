using System.Diagnostics;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Encoders;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>Pictures a second through the encoder, from preview to code, by batch size and number of threads.</summary>
internal static class EncoderSpeed
{
    private const int Pictures = 384;
    private const int Repeats = 3;

    public static int Run(string[] args)
    {
        // Previews of full size: the sample's pictures, enlarged to 256 pixels.
        byte[][] previews = Network.PreviewAll(
            [.. Picture.Sample().Take(Pictures)], picture => Distortion.OfSmallPictures[^1].ApplyTo(picture.Bytes));

        Table table = Tables.Create(["threads", "batch", "pictures/s", "core ms a picture", "ms alone"]);
        foreach (int threads in new HashSet<int> { 1, Environment.ProcessorCount })
        {
            foreach (int batch in (int[])[1, 8, 16, 32])
            {
                table.AddRow([$"{threads}", $"{batch}", .. Measure(previews, batch, threads)]);
            }
        }

        Tables.Show(
            "encoder",
            table,
            $"{Pictures} previews of 256 x 256 pixels, as many on their way as two batches hold, best of {Repeats} runs; core ms: " +
            "processor time of all threads, decoding included; alone: median of 50, one at a time.");
        return 0;
    }

    private static string[] Measure(byte[][] previews, int batch, int threads)
    {
        var options = new EncoderOptions { Threads = threads, Batching = new BatchingOptions { BatchSize = batch } };
        IImageEncoder encoder = FirstEncoder.Open(options);
        double fastest = double.MaxValue;
        double leastWork = double.MaxValue;
        for (int i = 0; i < Repeats; i++)
        {
            TimeSpan work = Environment.CpuUsage.TotalTime;
            fastest = Math.Min(fastest, Seconds(() => FirstEncoder.EncodeAll(encoder, previews, 2 * batch, $"batch {batch}")));
            leastWork = Math.Min(leastWork, (Environment.CpuUsage.TotalTime - work).TotalMilliseconds);
        }

        double[] alone =
        [
            .. previews.Take(50).Select(preview => Seconds(() => encoder.EncodeAsync(preview, CancellationToken.None).Wait())).Order(),
        ];
        encoder.DisposeAsync().AsTask().Wait();
        return [$"{previews.Length / fastest:0}", $"{leastWork / previews.Length:0.0}", $"{1000 * alone[alone.Length / 2]:0.0}"];
    }

    private static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
