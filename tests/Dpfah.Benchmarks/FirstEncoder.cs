using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Native;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>The first model, opened as the service opens it.</summary>
internal static class FirstEncoder
{
    private static readonly string Folder = Path.Combine(Path.GetTempPath(), "dpfah-first-model");

    public static ModelFiles Files { get; } = new FirstModel(Network.Decoder, TorchDevice.Choose("cpu"))
        .Create(Directory.CreateDirectory(Folder).FullName, null, CancellationToken.None);

    public static IImageEncoder Open(EncoderOptions options) =>
        new TorchImageEncoderFactory(Network.Decoder, TorchDevice.Choose("cpu"), options).Open(Files);

    /// <summary>Hashes previews, a given number of them on their way at once.</summary>
    public static ImageCode[] EncodeAll(IImageEncoder encoder, IReadOnlyList<byte[]> previews, int atOnce, string what)
    {
        var codes = new ImageCode[previews.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = atOnce };
        AnsiConsole.Progress().Start(context =>
        {
            ProgressTask task = context.AddTask(what, maxValue: previews.Count);
            Parallel.ForAsync(0, codes.Length, parallel, async (i, cancellationToken) =>
            {
                codes[i] = await encoder.EncodeAsync(previews[i], cancellationToken);
                task.Increment(1);
            }).Wait();
        });
        return codes;
    }
}
