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
        byte[][] previews = [.. Picture.Sample().Take(Pictures).Select(p => Network.Preview(Distortion.OfSmallPictures[^1].ApplyTo(p.Bytes)))];

        int[] threads = [.. new HashSet<int> { 1, Environment.ProcessorCount }];
        Table table = Tables.Create(["batch", .. threads.Select(t => $"{t} thread(s), pictures/s"), .. threads.Select(t => $"{t} thread(s), ms alone")]);
        foreach (int batch in (int[])[1, 8, 16, 32])
        {
            var rates = new List<string>();
            var latencies = new List<string>();
            foreach (int count in threads)
            {
                IImageEncoder encoder = FirstEncoder.Open(new EncoderOptions { Threads = count, Batching = new BatchingOptions { BatchSize = batch } });
                rates.Add($"{Enumerable.Range(0, Repeats).Max(_ => Pictures / Seconds(() => FirstEncoder.EncodeAll(encoder, previews, 2 * batch, $"batch {batch}"))):0}");
                double[] alone = [.. previews.Take(50).Select(preview => Seconds(() => encoder.EncodeAsync(preview, CancellationToken.None).Wait())).Order()];
                latencies.Add($"{1000 * alone[alone.Length / 2]:0.0}");
                encoder.DisposeAsync().AsTask().Wait();
            }

            table.AddRow([$"{batch}", .. rates, .. latencies]);
        }

        Tables.Show("encoder", table, $"{Pictures} previews of 256 x 256, twice the batch at once, best of {Repeats}; alone: median of 50, one at a time.");
        return 0;
    }

    private static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
