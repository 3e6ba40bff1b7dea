using Dpfah.Core.Evaluation;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Hashing;
using Dpfah.Learning.Models;
using Spectre.Console;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Benchmarks;

/// <summary>
/// Which depth and which input size the first model takes: retrieval by label on the sample and on photos, and finding an altered
/// picture again. All heads are fitted on the sample.
/// </summary>
internal static class FirstModelChoices
{
    private const int Altered = 200;

    private static readonly string[] Choices =
    [
        "2:64/64", "2:96/96", "2:128/128", "2:160/160", "2:224/224", "2:256/224",
        "3:64/64", "3:96/96", "3:128/128", "3:160/160", "3:224/224", "3:256/224",
    ];

    public static int Run(string[] args)
    {
        string[] choices = [.. args.Where(IsChoice)];
        AlteredSet sample = Load("sample", Picture.Sample(), Altered, Distortion.OfSmallPictures);
        AlteredSet[] photos =
        [
            .. args.Where(arg => !IsChoice(arg))
                .Select(folder => Load(Path.GetFileName(folder), Picture.Photos(folder), int.MaxValue, Distortion.OfPhotos)),
        ];

        Table table = Tables.Create(
        [
            "blocks", "resize/crop", "P@10 ITQ", "P@10 PCA", "P@10 random", .. Distortion.OfSmallPictures.Select(d => d.Name),
            .. photos.SelectMany(set => (string[])[$"P@10 {set.Name}", $"{set.Name}, altered"]),
        ]);
        foreach (string choice in choices.Length > 0 ? choices : Choices)
        {
            string[] row = Measure(choice, sample, photos);
            table.AddRow(row);
            AnsiConsole.WriteLine(string.Join(" | ", row));
        }

        Tables.Show(
            "first-model-choices",
            table,
            "64 bits. P@10: by label, leave-one-out. Other columns: share of altered pictures found at place 1 / among the first ten, " +
            "by distance, signature, item number.");
        return 0;

        static bool IsChoice(string arg) => arg.Contains(':');
    }

    private static string[] Measure(string choice, AlteredSet sample, AlteredSet[] photos)
    {
        int[] numbers = [.. choice.Split(':', '/').Select(int.Parse)];
        using DisposeScope scope = NewDisposeScope();
        using FeatureExtractor extractor = Network.Open(
            numbers[0], ImageNetBackbone.Preprocessing with { Resize = numbers[1], Crop = numbers[2] });
        Tensor features = Network.Features(extractor, sample.Previews, choice);
        Signature signature = Signature.Fit(features);
        HashLayer itq = Itq.Fit(features, FirstModel.DefaultBits);
        HashLayer pca = PcaHashing.Fit(features, FirstModel.DefaultBits);
        HashLayer random = RandomProjection.Fit(features, FirstModel.DefaultBits);

        CodeSet database = CodeSet.Of(features, itq, signature);
        var row = new List<string> { $"{numbers[0]}", $"{numbers[1]}/{numbers[2]}" };
        foreach (HashLayer layer in (HashLayer[])[itq, pca, random])
        {
            row.Add(Precision(CodeSet.Of(features, layer, signature), sample.Labels));
        }

        row.AddRange(sample.Altered.Select(altered => database.Found(Encode(altered), i => i * sample.Step)));
        foreach (AlteredSet set in photos)
        {
            CodeSet originals = Encode(set.Previews);
            row.Add(Precision(originals, set.Labels));
            row.Add(originals.Found(CodeSet.Join(set.Altered.Select(Encode)), i => i % set.Previews.Length));
        }

        return [.. row];

        CodeSet Encode(byte[][] previews)
        {
            using Tensor altered = extractor.Extract(previews, null, CancellationToken.None);
            return CodeSet.Of(altered, itq, signature);
        }
    }

    private static string Precision(CodeSet set, string[] labels) => $"{PrecisionAtN.LeaveOneOut(set.Codes, labels, 10):0.000}";

    private static AlteredSet Load(string name, IReadOnlyList<Picture> pictures, int queries, IReadOnlyList<Distortion> distortions)
    {
        int step = Math.Max(1, pictures.Count / queries);
        Picture[] altered = [.. pictures.Where((_, i) => i % step == 0)];
        return new AlteredSet(
            name,
            [.. pictures.Select(p => p.Label)],
            Network.PreviewAll(pictures, picture => picture.Bytes),
            step,
            [.. distortions.Select(distortion => Network.PreviewAll(altered, picture => distortion.ApplyTo(picture.Bytes)))]);
    }

    /// <param name="Name">As printed.</param>
    /// <param name="Labels">Label of each picture.</param>
    /// <param name="Previews">Preview of each picture.</param>
    /// <param name="Step">Every how manyth picture is altered.</param>
    /// <param name="Altered">For each distortion, the previews of the altered pictures.</param>
    private sealed record AlteredSet(string Name, string[] Labels, byte[][] Previews, int Step, byte[][][] Altered);
}
