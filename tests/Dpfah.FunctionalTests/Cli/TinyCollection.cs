using System.Security.Cryptography;
using Dpfah.Core.Training;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Imaging;

namespace Dpfah.FunctionalTests.Cli;

/// <summary>Pictures of the sample in the form in which a service writes a collection for a training.</summary>
internal static class TinyCollection
{
    /// <summary>Writes the folder.</summary>
    /// <param name="folder">Where; made.</param>
    /// <param name="perClass">Pictures of each of the ten classes.</param>
    public static void Write(string folder, int perClass)
    {
        Directory.CreateDirectory(folder);
        SamplePicture[] pictures = [.. FashionSample.ReadDatabase().GroupBy(p => p.Label).SelectMany(g => g.Take(perClass))];
        CollectionPart[] parts = CollectionSplit.Make(
            [.. pictures.Select(p => ((IReadOnlyList<string>)[p.Label], SHA256.HashData(p.Bytes)))], new SplitShares(), 1);
        var maker = new PreviewMaker(ImageDecoders.Create(ImageDecoders.Skia));
        using FileStream previews = File.Create(Path.Combine(folder, CollectionItem.PreviewsFileName));
        using StreamWriter items = File.CreateText(Path.Combine(folder, CollectionItem.FileName));
        foreach ((int i, SamplePicture picture) in pictures.Index())
        {
            byte[] jpeg = maker.Make(picture.Bytes).Preview!.Jpeg;
            string digest = Convert.ToHexStringLower(SHA256.HashData(picture.Bytes));
            items.WriteLine(new CollectionItem(picture.Id, [picture.Label], digest, parts[i], previews.Position, jpeg.Length).ToJson());
            previews.Write(jpeg);
        }
    }
}
