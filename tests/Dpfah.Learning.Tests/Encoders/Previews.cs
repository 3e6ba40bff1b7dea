using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Encoders;

/// <summary>Previews of the bundled sample.</summary>
internal static class Previews
{
    /// <summary>Previews of the first pictures of the sample's database, in order.</summary>
    public static byte[][] OfSample(int count)
    {
        var maker = new PreviewMaker(ImageDecoders.Create(ImageDecoders.Skia));
        return [.. FashionSample.ReadDatabase().Take(count).Select(picture => maker.Make(picture.Bytes).Preview!.Jpeg)];
    }
}
