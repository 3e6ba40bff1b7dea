using Dpfah.Core.Imaging;
using Dpfah.Engine.Decoding;
using Dpfah.Learning.Imaging;

namespace Dpfah.Cli;

/// <summary><c>dpfah decode</c>: decodes pictures for a service, which starts it and talks to it by pipes.</summary>
internal static class DecoderProcess
{
    private const int WarmUpQuality = 90;

    /// <summary>One red pixel.</summary>
    private const string Png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";

    /// <summary>Runs; does not return.</summary>
    /// <param name="arguments">Those behind the verb.</param>
    /// <param name="wrap">Changes what decodes; null for nothing.</param>
    public static void Run(IReadOnlyList<string> arguments, Func<IPreviewMaker, IPreviewMaker>? wrap = null) => DecoderLoop.Run(
        arguments,
        name =>
        {
            IImageDecoder decoder = ImageDecoders.Create(name);
            IPreviewMaker previews = new PreviewMaker(decoder);

            // A photo that is shrunk in two steps, by the decoder and then to the preview; one that is small enough; and another format.
            byte[][] warmUp = [decoder.EncodeJpeg(Noise(1024, 768), WarmUpQuality), decoder.EncodeJpeg(Noise(160, 120), WarmUpQuality), Convert.FromBase64String(Png)];
            return (wrap?.Invoke(previews) ?? previews, warmUp);
        });

    private static RgbImage Noise(int width, int height)
    {
        var pixels = new byte[3 * width * height];
        new Random(1).NextBytes(pixels);
        return new RgbImage(width, height, pixels);
    }
}
