using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Datasets;

/// <summary>Paints compositions of garments.</summary>
internal sealed class CompositePictures(FashionMnist pool, IReadOnlyList<Composition> compositions) : IPictureSource
{
    public int Count => compositions.Count;

    public string NameOf(int index) => compositions[index].Name;

    /// <summary>The garments of a picture.</summary>
    public Composition this[int index] => compositions[index];

    public RgbImage Read(int index)
    {
        const int side = FashionMnistMulti.Side;
        var pixels = new byte[3 * side * side];
        foreach ((int garment, int quadrant) in compositions[index].Garments)
        {
            ReadOnlySpan<byte> grey = pool.Pixels(garment);
            int left = quadrant % 2 * FashionMnist.Side;
            int top = quadrant / 2 * FashionMnist.Side;
            for (int i = 0; i < grey.Length; i++)
            {
                int x = left + (i % FashionMnist.Side);
                int y = top + (i / FashionMnist.Side);
                pixels.AsSpan(3 * ((y * side) + x), 3).Fill(grey[i]);
            }
        }

        return new RgbImage(side, side, pixels);
    }
}
