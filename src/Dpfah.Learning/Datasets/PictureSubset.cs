using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Datasets;

/// <summary>Some pictures of a source, numbered anew; the others cannot be reached through it.</summary>
internal sealed class PictureSubset(IPictureSource source, int[] indices) : IPictureSource
{
    public int Count => indices.Length;

    public string NameOf(int index) => source.NameOf(indices[index]);

    public RgbImage Read(int index) => source.Read(indices[index]);
}
