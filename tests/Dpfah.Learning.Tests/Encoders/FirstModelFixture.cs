using Dpfah.Core.Models;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Native;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Encoders;

/// <summary>The first model in a temporary folder, and its network's features of the whole sample: computed once for all tests.</summary>
public sealed class FirstModelFixture : IDisposable
{
    /// <summary>Every how manyth picture of the sample is sent altered: 200 in all.</summary>
    internal const int AlteredStep = 10;

    public FirstModelFixture()
    {
        TorchRuntime.Initialize(threads: 1);
        Files = Model.Create(Folder, null, CancellationToken.None);
        Features = Model.Features(Files.BackbonePath, [.. Sample.Select(p => p.Bytes)], null, CancellationToken.None);
        byte[][] altered = [.. Sample.Where((_, i) => i % AlteredStep == 0).Select(p => Enlarge(p.Bytes))];
        AlteredFeatures = Model.Features(Files.BackbonePath, altered, null, CancellationToken.None);
    }

    internal static IImageDecoder Decoder { get; } = ImageDecoders.Create(ImageDecoders.Skia);

    internal FirstModel Model { get; } = new(Decoder, TorchDevice.Choose("cpu"));

    internal string Folder { get; } = Directory.CreateTempSubdirectory("dpfah-first-model-").FullName;

    internal ModelFiles Files { get; }

    internal IReadOnlyList<SamplePicture> Sample { get; } = FashionSample.ReadDatabase();

    internal string[] Labels => [.. Sample.Select(p => p.Label)];

    /// <summary>Shape (2000, 512).</summary>
    internal Tensor Features { get; }

    /// <summary>The same of every tenth picture, enlarged to 256 pixels and stored as JPEG of quality 80; shape (200, 512).</summary>
    internal Tensor AlteredFeatures { get; }

    public void Dispose()
    {
        Features.Dispose();
        AlteredFeatures.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static byte[] Enlarge(byte[] file)
    {
        RgbImage picture = Decoder.Decode(file, ImageHeader.Read(file)!, int.MaxValue);
        return Decoder.EncodeJpeg(TriangleResampler.Resize(picture, 256, 256, new PixelWindow(0, 0, 256, 256)), quality: 80);
    }
}
