using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Native;
using Dpfah.Learning.Tests.Encoders;
using SkiaSharp;

namespace Dpfah.Learning.Tests.Explaining;

/// <summary>Explanations as the service gives them: by an encoder of a real, trained model, as PNG.</summary>
public sealed class ExplainedCodesTests(ITestOutputHelper output)
{
    private const int Side = 256;
    private const int Step = 4;

    private static readonly IImageDecoder Decoder = ImageDecoders.Create(ImageDecoders.Skia);

    [Fact]
    public async Task What_the_network_looks_at_is_where_the_object_is()
    {
        await using IImageEncoder encoder = Open();
        var explainer = (IImageExplainer)encoder;
        var shares = new List<((double Mass, bool HasHottest) Bits, (double Mass, bool HasHottest) Attention)>();
        foreach (SamplePicture garment in FashionSample.ReadDatabase().Where((_, i) => i % 400 == 3))
        {
            for (int quadrant = 0; quadrant < 4; quadrant++)
            {
                byte[] preview = PreviewOf(garment.Bytes, quadrant % 2, quadrant / 2);
                BinaryCode code = (await encoder.EncodeAsync(preview, CancellationToken.None)).Code;

                IReadOnlyList<byte[]> maps = await explainer.DrawAsync(
                    preview, [HeatMapTarget.Of(code, code, BitGroup.Shared), HeatMapTarget.Attention], CancellationToken.None);

                shares.Add((MassIn(maps[0], quadrant % 2, quadrant / 2), MassIn(maps[1], quadrant % 2, quadrant / 2)));
                output.WriteLine($"{garment.Id} in quadrant {quadrant}: {shares[^1].Bits.Mass:0.00} of the code's heat is there, {shares[^1].Attention.Mass:0.00} of the attention's.");
            }
        }

        // By chance a quarter would be there, and the hottest place in 5 cases of 20. Measured: 0.43 and 14 of the code's, for the model was
        // trained on garments that fill the picture, and its codes come from the emptiness around them as well.
        Assert.All(shares, share => Assert.True(share.Attention.Mass > 0.5 && share.Attention.HasHottest, $"{share}"));
        Assert.True(shares.Average(share => share.Bits.Mass) > 0.35, $"{shares.Average(share => share.Bits.Mass)}");
        Assert.InRange(shares.Count(share => share.Bits.HasHottest), 12, shares.Count);
    }

    [Fact]
    public async Task The_same_picture_and_targets_give_the_same_bytes_beside_any_other_work()
    {
        await using IImageEncoder encoder = Open();
        var explainer = (IImageExplainer)encoder;
        byte[][] previews = Previews.OfSample(8);
        ImageCode[] codes = await Task.WhenAll(previews.Select(preview => encoder.EncodeAsync(preview, CancellationToken.None)));
        HeatMapTarget[] targets =
        [
            HeatMapTarget.Attention, .. Enum.GetValues<BitGroup>().Select(group => HeatMapTarget.Of(codes[0].Code, codes[1].Code, group)),
        ];
        IReadOnlyList<byte[]> alone = await explainer.DrawAsync(previews[0], targets, CancellationToken.None);
        Assert.Equal(4, alone.Select(Convert.ToHexString).Distinct().Count());

        Task<ImageCode>[] again = [.. Enumerable.Range(0, 64).Select(i => encoder.EncodeAsync(previews[i % 8], CancellationToken.None))];
        IReadOnlyList<byte[]>[] drawn = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(_ => explainer.DrawAsync(previews[0], targets, CancellationToken.None)));

        Assert.All(drawn, maps => Assert.Equal(alone, maps));
        Assert.All((await Task.WhenAll(again)).Index(), item =>
        {
            Assert.Equal(codes[item.Index % 8].Code, item.Item.Code);
            Assert.Equal(codes[item.Index % 8].RealCode.ToArray(), item.Item.RealCode.ToArray());
        });
    }

    private static IImageEncoder Open() =>
        new TorchImageEncoderFactory(Decoder, TorchDevice.Choose("cpu"), new EncoderOptions { Threads = 1 }).Open(FashionModel.Files);

    /// <summary>The preview of a black picture with another one in a quadrant.</summary>
    private static byte[] PreviewOf(byte[] picture, int column, int row)
    {
        const int Half = Side / 2;
        RgbImage garment = Decoder.Decode(picture, ImageHeader.Read(picture)!, int.MaxValue);
        RgbImage small = TriangleResampler.Resize(garment, Half, Half, PixelWindow.Whole(Half, Half));
        var pixels = new byte[3 * Side * Side];
        for (int y = 0; y < Half; y++)
        {
            small.Row(y).CopyTo(pixels.AsSpan(3 * ((((row * Half) + y) * Side) + (column * Half))));
        }

        return Decoder.EncodeJpeg(new RgbImage(Side, Side, pixels), quality: 90);
    }

    /// <summary>How much of a map's values lies in a quadrant, and whether the largest does; values are read back from the colours.</summary>
    private static (double Mass, bool HasHottest) MassIn(byte[] png, int column, int row)
    {
        using SKBitmap overlay = SKBitmap.Decode(png, new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        var values = new Dictionary<(byte, byte, byte), double>();
        for (int i = 254; i >= 0; i--)
        {
            values[Learning.Explaining.HeatMap.ColourOf(i / 254.0)] = i / 254.0;
        }

        double inside = 0, all = 0, hottest = 0;
        bool isInside = false;
        for (int y = 0; y < Side; y += Step)
        {
            for (int x = 0; x < Side; x += Step)
            {
                SKColor colour = overlay.GetPixel(x, y);
                double value = values.MinBy(v => Math.Abs(v.Key.Item1 - colour.Red) + Math.Abs(v.Key.Item2 - colour.Green) + Math.Abs(v.Key.Item3 - colour.Blue)).Value;
                all += value;
                bool isThere = x / (Side / 2) == column && y / (Side / 2) == row;
                inside += isThere ? value : 0;
                (hottest, isInside) = value > hottest ? (value, isThere) : (hottest, isInside);
            }
        }

        return (inside / all, isInside);
    }
}
