using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Native;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>The first model, opened as the service opens it.</summary>
internal static class FirstEncoder
{
    public static ModelFiles Files { get; } = new FirstModel(Network.Decoder, TorchDevice.Choose("cpu"))
        .Create(Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "dpfah-first-model")).FullName, null, CancellationToken.None);

    public static IImageEncoder Open(EncoderOptions options) => new TorchImageEncoderFactory(Network.Decoder, TorchDevice.Choose("cpu"), options).Open(Files);

    /// <summary>Hashes previews, as many at once as fill the batches.</summary>
    public static ImageCode[] EncodeAll(IImageEncoder encoder, IReadOnlyList<byte[]> previews, int atOnce, string what) => AnsiConsole.Progress().Start(context =>
    {
        ProgressTask task = context.AddTask(what, maxValue: previews.Count);
        var codes = new ImageCode[previews.Count];
        Parallel.ForAsync(0, codes.Length, new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (i, cancellationToken) =>
        {
            codes[i] = await encoder.EncodeAsync(previews[i], cancellationToken);
            task.Increment(1);
        }).Wait();
        return codes;
    });
}
