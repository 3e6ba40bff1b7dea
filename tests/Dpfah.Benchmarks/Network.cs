using Dpfah.Core.Models;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using Spectre.Console;
using static TorchSharp.torch;

namespace Dpfah.Benchmarks;

/// <summary>The pretrained network on the CPU.</summary>
internal static class Network
{
    public static IImageDecoder Decoder { get; } = ImageDecoders.Create(ImageDecoders.Skia);

    public static PreviewMaker Previews { get; } = new(Decoder, PreviewMaker.LargestPixelLimit);

    /// <summary>Preview of a file that is known to be a picture.</summary>
    public static byte[] Preview(byte[] file)
    {
        var result = Previews.Make(file);
        return result.Preview?.Jpeg ?? throw new InvalidDataException(result.Detail);
    }

    /// <summary>Previews of what becomes of many pictures, on all cores.</summary>
    public static byte[][] PreviewAll<T>(IReadOnlyList<T> pictures, Func<T, byte[]> fileOf)
    {
        var previews = new byte[pictures.Count][];
        Parallel.For(0, pictures.Count, i => previews[i] = Preview(fileOf(pictures[i])));
        return previews;
    }

    /// <summary>Opens the pretrained backbone behind a preprocessing.</summary>
    public static FeatureExtractor Open(int lastStageBlocks, Preprocessing preprocessing)
    {
        string path = Path.Combine(Path.GetTempPath(), $"dpfah-imagenet-{lastStageBlocks}.safetensors");
        if (!File.Exists(path))
        {
            ImageNetBackbone.Write(lastStageBlocks, path);
        }

        using ResNet18 network = BackboneFile.Load(path, attention: false);
        return new FeatureExtractor(new InferenceBackbone(network, CPU), new NetworkInput(Decoder, preprocessing));
    }

    /// <summary>Features with a progress bar.</summary>
    public static Tensor Features(FeatureExtractor extractor, IReadOnlyList<byte[]> previews, string what) =>
        AnsiConsole.Progress().Start(context =>
        {
            ProgressTask task = context.AddTask(what, maxValue: 1);
            return extractor.Extract(previews, share => task.Value = share, CancellationToken.None);
        });
}
