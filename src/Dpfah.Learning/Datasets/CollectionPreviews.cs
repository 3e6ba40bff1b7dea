using Dpfah.Core.Training;
using Dpfah.Learning.Imaging;
using Microsoft.Win32.SafeHandles;

namespace Dpfah.Learning.Datasets;

/// <summary>The previews of a collection, which lie end to end in one file; a picture is named by its public id.</summary>
internal sealed class CollectionPreviews(string path, IReadOnlyList<CollectionItem> items) : IPictureSource
{
    // Open as long as the process: a data set has no end of its own.
    private readonly SafeFileHandle file = File.OpenHandle(path, options: FileOptions.RandomAccess);
    private readonly IImageDecoder decoder = ImageDecoders.Create(ImageDecoders.Skia);

    public int Count => items.Count;

    public string NameOf(int index) => items[index].Id;

    public RgbImage Read(int index)
    {
        CollectionItem item = items[index];
        var jpeg = new byte[item.Length];
        try
        {
            for (int read = 0; read < jpeg.Length;)
            {
                int more = RandomAccess.Read(file, jpeg.AsSpan(read), item.Offset + read);
                read += more > 0 ? more : throw new InvalidDataException("The file ends before it does.");
            }

            ImageHeader header = ImageHeader.Read(jpeg) ?? throw new InvalidDataException("Its bytes are no picture.");
            header.ThrowIfDamaged();
            return decoder.Decode(jpeg, header, int.MaxValue);
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            throw new InvalidDataException($"The preview of '{item.Id}' in '{path}' cannot be read: {error.Message}", error);
        }
    }
}
