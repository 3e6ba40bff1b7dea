using Dpfah.Core.Imaging;
using Dpfah.Learning.Encoders;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>Whether altered photos find their originals, with the first model.</summary>
internal static class Robustness
{
    private const int AtOnce = 16;

    public static int Run(string[] folders)
    {
        if (folders.Length == 0)
        {
            AnsiConsole.WriteLine("Name at least one folder of photos, such as /usr/share/tuxpaint/stamps.");
            return 1;
        }

        IReadOnlyList<Picture>[] sets = [.. folders.Select(Picture.Photos)];
        IImageEncoder encoder = FirstEncoder.Open(new EncoderOptions());
        CodeSet database = Encode(encoder, [.. sets.SelectMany(set => set)], distortion: null);
        Table table = Tables.Create(
            ["alteration", .. folders.Zip(sets, (folder, set) => $"{Path.GetFileName(folder.TrimEnd('/'))} ({set.Count})")]);
        foreach (Distortion distortion in Distortion.OfPhotos)
        {
            var row = new List<string> { distortion.Name };
            int first = 0;
            foreach (IReadOnlyList<Picture> set in sets)
            {
                int offset = first;
                row.Add(database.Found(Encode(encoder, set, distortion), i => offset + i));
                first += set.Count;
            }

            table.AddRow([.. row]);
        }

        encoder.DisposeAsync().AsTask().Wait();
        Tables.Show(
            "robustness",
            table,
            $"Share of altered photos (longer side at least 300 pixels) found at place 1 / among the first ten of {database.Codes.Count}, " +
            "by distance in 64 bits, signature, item number.");
        return 0;
    }

    private static CodeSet Encode(IImageEncoder encoder, IReadOnlyList<Picture> pictures, Distortion? distortion)
    {
        byte[][] previews = Network.PreviewAll(pictures, picture => distortion?.ApplyTo(picture.Bytes) ?? picture.Bytes);
        return CodeSet.Of(FirstEncoder.EncodeAll(encoder, previews, AtOnce, distortion?.Name ?? "originals"));
    }
}
