using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Inference;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;

namespace Dpfah.Learning.Tests.Encoders;

public sealed class TorchImageEncoderTests(ModelFolder model) : IClassFixture<ModelFolder>
{
    [Fact]
    public async Task Code_and_signature_are_the_signs_of_the_head_s_numbers()
    {
        await using IImageEncoder encoder = Open();
        ImageCode code = await encoder.EncodeAsync(Previews.OfSample(1)[0], CancellationToken.None);

        Assert.Equal(64, encoder.Bits);
        Assert.Equal(64, code.RealCode.Length);
        Assert.Equal(Core.Codes.BinaryCode.FromSigns(code.RealCode.Span), code.Code);
        Assert.Equal(ImageCode.SignatureBits, code.Signature.Bits);
        Assert.InRange(code.Code.Words.ToArray().Sum(w => (int)ulong.PopCount(w)), 1, 63);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_picture_gets_the_same_code_in_every_company(int threads)
    {
        byte[][] previews = Previews.OfSample(40);
        ImageCode[] alone = await EncodeOneByOneAsync(previews, threads: 1);

        foreach (int batchSize in (int[])[1, 2, 3, 8, 32])
        {
            await using IImageEncoder encoder = Open(threads, batchSize);
            ImageCode[] together = await Task.WhenAll(
                previews.Select(preview => encoder.EncodeAsync(preview, CancellationToken.None)));

            Assert.All(alone.Zip(together), pair =>
            {
                Assert.Equal((pair.First.Code, pair.First.Signature), (pair.Second.Code, pair.Second.Signature));
                Assert.Equal(pair.First.RealCode.ToArray(), pair.Second.RealCode.ToArray());
            });
        }
    }

    [Fact]
    public async Task Many_callers_at_once_get_their_own_codes()
    {
        byte[][] previews = Previews.OfSample(64);
        ImageCode[] expected = await EncodeOneByOneAsync(previews, threads: 1);
        await using IImageEncoder encoder = Open();

        ImageCode[] codes = await Task.WhenAll(Enumerable.Range(0, 256).Select(
            i => Task.Run(() => encoder.EncodeAsync(previews[i % 64], CancellationToken.None))));

        Assert.All(codes.Index(), item => Assert.Equal(expected[item.Index % 64].Signature, item.Item.Signature));
    }

    [Fact]
    public async Task A_file_that_is_no_preview_fails_alone()
    {
        byte[] preview = Previews.OfSample(1)[0];
        await using IImageEncoder encoder = Open();

        Task<ImageCode> good = encoder.EncodeAsync(preview, CancellationToken.None);
        Task<ImageCode> truncated = encoder.EncodeAsync(preview.AsMemory(0, preview.Length / 2), CancellationToken.None);
        Task<ImageCode> text = encoder.EncodeAsync("no picture"u8.ToArray(), CancellationToken.None);

        await Assert.ThrowsAsync<InvalidDataException>(() => truncated);
        await Assert.ThrowsAsync<InvalidDataException>(() => text);
        Assert.Equal(64, (await good).Code.Bits);
    }

    [Fact]
    public async Task Encoding_leaves_no_tensor_behind()
    {
        byte[] preview = Previews.OfSample(1)[0];
        var worker = new CountingWorker(model);
        await using var batcher = new MicroBatcher<ReadOnlyMemory<byte>, float[], ImageCode>(worker, new BatchingOptions(), "test");

        for (int i = 0; i < 200; i++)
        {
            await batcher.RunAsync(preview, EncodePriority.Query, CancellationToken.None);
        }

        Assert.Equal(200, worker.LiveTensors.Count);
        Assert.Single(worker.LiveTensors.Distinct());
    }

    [Fact]
    public async Task Identity_names_model_decoder_and_arithmetic()
    {
        await using IImageEncoder encoder = Open();

        Assert.Matches("^[0-9a-f]{64}$", encoder.Identity.Model);
        Assert.Equal(ImageDecoders.Create(ImageDecoders.Skia).Name, encoder.Identity.Decoder);
        Assert.Equal($"2/nhwc/fp32/cpu/{Lanes.Class}", encoder.Identity.Arithmetic);
    }

    [Fact]
    public async Task Another_precision_is_another_identity_of_the_same_model()
    {
        await using IImageEncoder single = Open();
        await using IImageEncoder half = new TorchImageEncoderFactory(
            ImageDecoders.Create(ImageDecoders.Skia), TorchDevice.Choose("cpu"), new EncoderOptions { Threads = 1, Precision = NetworkPrecision.BFloat16 }).Open(model.Files);

        Assert.Equal(single.Identity.Model, half.Identity.Model);
        Assert.NotEqual(single.Identity.Arithmetic, half.Identity.Arithmetic);
        Assert.Contains("/bf16/", half.Identity.Arithmetic, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Identity_changes_with_all_that_a_code_depends_on_and_with_nothing_else()
    {
        ModelDescription original = model.Description;
        ModelDescription renamed = original with { Name = "another", Parameters = new Dictionary<string, string> { ["seed"] = "1" } };
        ModelDescription[] changed =
        [
            original with { Preprocessing = original.Preprocessing with { Resize = 73 } },
            original with { Preprocessing = original.Preprocessing with { Mean = [128, 128, 128.001f] } },
            original with { Backbone = original.Backbone with { Attention = true } },
        ];
        using var other = new ModelFolder(bits: 72);

        string digest = await ModelDigestAsync(model.Files);
        Assert.Equal(digest, await ModelDigestAsync(model.Described(renamed)));
        var digests = new HashSet<string> { digest, await ModelDigestAsync(other.Files) };
        foreach (ModelDescription description in changed)
        {
            digests.Add(await ModelDigestAsync(model.Described(description)));
        }

        Assert.Equal(5, digests.Count);
    }

    private static async Task<string> ModelDigestAsync(ModelFiles files)
    {
        await using IImageEncoder encoder = Factory().Open(files);
        return encoder.Identity.Model;
    }

    private async Task<ImageCode[]> EncodeOneByOneAsync(byte[][] previews, int threads)
    {
        await using IImageEncoder encoder = Open(threads, batchSize: 1);
        var codes = new List<ImageCode>();
        foreach (byte[] preview in previews)
        {
            codes.Add(await encoder.EncodeAsync(preview, CancellationToken.None));
        }

        return [.. codes];
    }

    private IImageEncoder Open(int threads = 1, int batchSize = 8) => Factory(threads, batchSize).Open(model.Files);

    private static TorchImageEncoderFactory Factory(int threads = 1, int batchSize = 8) =>
        new(ImageDecoders.Create(ImageDecoders.Skia), TorchDevice.Choose("cpu"), new EncoderOptions
        {
            Threads = threads,
            Batching = new BatchingOptions
            {
                BatchSize = batchSize,
                QueueCapacity = 1024,
                BatchDelay = TimeSpan.FromMilliseconds(100),
            },
        });
}
