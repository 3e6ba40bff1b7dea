using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Models;

public sealed class ImageNetBackboneTests(ImageNetFiles files) : IClassFixture<ImageNetFiles>, IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Features_of_pictures_are_those_of_ONNX_Runtime()
    {
        Tensor images = Pictures();
        using ResNet18 network = BackboneFile.Load(files.ThreeBlocks, attention: false);
        using var folded = new InferenceBackbone(network, CPU);
        using IDisposable noGrad = no_grad();

        Tensor expected = OnnxFeatures(images);

        Assert.Equal([13, ResNet18.FeatureLength], expected.shape);
        AssertClose(expected, network.call(images));
        AssertClose(expected, folded.Features(images));
    }

    [Fact]
    public void The_papers_network_has_the_same_tensors_without_the_third_block()
    {
        IReadOnlyDictionary<string, Tensor> two = SafetensorsReader.Read(files.TwoBlocks);
        IReadOnlyDictionary<string, Tensor> three = SafetensorsReader.Read(files.ThreeBlocks);

        Assert.Equal((100, 110), (two.Count, three.Count));
        Assert.Equal(three.Keys.Where(name => !name.StartsWith("layer4.2.", StringComparison.Ordinal)).Order(), two.Keys.Order());
        Assert.All(two, pair => Assert.True(pair.Value.Equals(three[pair.Key]), pair.Key));
    }

    [Fact]
    public void The_digest_is_the_same_on_every_machine()
    {
        Assert.Equal("4aff358efc7de4d4de9984a3e579ce7d4f329f2ca67648e069d4e59c44387c28", files.TwoBlocksDigest);
        Assert.Equal("a7eebd9c4a9a24a456762826a22985ef0d4128dce3481586e103c1f661ad538d", files.ThreeBlocksDigest);
        Assert.Equal(files.TwoBlocksDigest, BackboneFile.Digest(files.TwoBlocks));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Folding_keeps_the_features_of_the_pretrained_network(bool attention)
    {
        using ResNet18 network = BackboneFile.Load(files.TwoBlocks, attention);
        using var folded = new InferenceBackbone(network, CPU);
        using IDisposable noGrad = no_grad();
        Tensor images = Pictures();

        AssertClose(network.call(images), folded.Features(images));
    }

    [Fact]
    public void Another_file_is_refused()
    {
        using var folder = new TestFolder();
        string other = folder.File("other.onnx");
        File.WriteAllBytes(other, File.ReadAllBytes(ImageNetBackbone.SourcePath)[..1000]);

        Assert.Throws<InvalidDataException>(() => ImageNetBackbone.Write(2, folder.File("out.safetensors"), other));
        Assert.Throws<FileNotFoundException>(() => ImageNetBackbone.Write(2, folder.File("out.safetensors"), folder.File("none.onnx")));
        Assert.False(File.Exists(folder.File("out.safetensors")));
    }

    [Fact]
    public void Licence_and_notices_lie_beside_the_weights()
    {
        string folder = Path.GetDirectoryName(ImageNetBackbone.SourcePath)!;

        Assert.Contains("MIT", File.ReadAllText(Path.Combine(folder, "LICENSE")), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "THIRD-PARTY-NOTICES.TXT")));
    }

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        // Seen: 1.7e-5 between ONNX Runtime and libtorch, 2.5e-5 after folding, for features up to 23.
        Assert.InRange((expected - actual).abs().max().item<float>(), 0, 3e-6 * expected.abs().max().item<float>());
    }

    /// <summary>
    /// Ten photos, one of each class, and three in colour (a photo for each channel, so that their order shows): inputs of
    /// shape (13, 3, 224, 224) by the preprocessing of the service.
    /// </summary>
    private static Tensor Pictures()
    {
        IImageDecoder decoder = ImageDecoders.Create(ImageDecoders.Skia);
        var input = new NetworkInput(decoder, ImageNetBackbone.Preprocessing);
        RgbImage[] grey =
        [
            .. FashionSample.ReadQueries()
                .Select(picture => decoder.Decode(picture.Bytes, ImageHeader.Read(picture.Bytes)!, int.MaxValue)),
        ];
        RgbImage[] all = [.. grey, .. Enumerable.Range(0, 3).Select(i => Colour(grey[i], grey[i + 3], grey[i + 6]))];
        var values = new float[all.Length * input.Length];
        for (int i = 0; i < all.Length; i++)
        {
            input.Write(all[i], values.AsSpan(i * input.Length, input.Length));
        }

        return tensor(values, [all.Length, 3, input.Side, input.Side]);
    }

    private static RgbImage Colour(RgbImage red, RgbImage green, RgbImage blue)
    {
        var pixels = new byte[red.Pixels.Length];
        for (int i = 0; i < pixels.Length; i += 3)
        {
            (pixels[i], pixels[i + 1], pixels[i + 2]) = (red.Pixels[i], green.Pixels[i], blue.Pixels[i]);
        }

        return new RgbImage(red.Width, red.Height, pixels);
    }

    /// <summary>The source itself: blue, green, red; one picture at a time.</summary>
    private static Tensor OnnxFeatures(Tensor images)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        using var session = new InferenceSession(ImageNetBackbone.SourcePath, options);
        var rows = new List<Tensor>();
        for (int i = 0; i < images.shape[0]; i++)
        {
            float[] bgr = [.. images[i].flip(0).contiguous().data<float>()];
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(bgr, [1, 3, 224, 224]);
            using var run = new RunOptions();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["Input247"], [input], ["Pooling395_Output_0"]);
            rows.Add(tensor(outputs[0].GetTensorDataAsSpan<float>().ToArray()));
        }

        return stack(rows);
    }
}
