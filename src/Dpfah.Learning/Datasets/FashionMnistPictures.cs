using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Datasets;

/// <summary>The pictures of Fashion-MNIST in RGB.</summary>
internal sealed class FashionMnistPictures(FashionMnist pool) : IPictureSource
{
    public int Count => pool.Count;

    public string NameOf(int index) => pool.NameOf(index);

    public RgbImage Read(int index)
    {
        ReadOnlySpan<byte> grey = pool.Pixels(index);
        var pixels = new byte[3 * grey.Length];
        for (int i = 0; i < grey.Length; i++)
        {
            pixels.AsSpan(3 * i, 3).Fill(grey[i]);
        }

        return new RgbImage(FashionMnist.Side, FashionMnist.Side, pixels);
    }
}
