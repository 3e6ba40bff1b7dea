using System.Diagnostics;
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

    public static int Run(string[] args)
    {
        string[] choices = [.. from blocks in (int[])[2, 3] from size in (string[])["64/64", "96/96", "128/128", "160/160", "192/192", "224/224", "256/224"] select $"{blocks}:{size}"];
        choices = args.Any(arg => arg.Contains(':')) ? [.. args.Where(arg => arg.Contains(':'))] : choices;
        AlteredSet sample = Load("sample", Picture.Sample(), Altered, Distortion.OfSmallPictures);
        AlteredSet[] photos = [.. args.Where(arg => !arg.Contains(':')).Select(folder => Load(Path.GetFileName(folder), Picture.Photos(folder), int.MaxValue, Distortion.OfPhotos))];

        Table table = Tables.Create(
        [
            "blocks", "resize/crop", "pictures/s", "P@10 ITQ", "P@10 PCA", "P@10 random", .. Distortion.OfSmallPictures.Select(d => d.Name),
            .. photos.SelectMany(set => (string[])[$"P@10 {set.Name}", $"{set.Name}, altered"]),
        ]);
        foreach (string choice in choices)
        {
            int[] numbers = [.. choice.Split(':', '/').Select(int.Parse)];
            using DisposeScope scope = NewDisposeScope();
            using FeatureExtractor extractor = Network.Open(numbers[0], ImageNetBackbone.Preprocessing with { Resize = numbers[1], Crop = numbers[2] });
            long start = Stopwatch.GetTimestamp();
            Tensor features = Network.Features(extractor, sample.Previews, choice);
            double rate = sample.Previews.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
            Signature signature = Signature.Fit(features);
            HashLayer[] layers = [Itq.Fit(features, FirstModel.DefaultBits), PcaHashing.Fit(features, FirstModel.DefaultBits), RandomProjection.Fit(features, FirstModel.DefaultBits)];
            CodeSet Encode(byte[][] previews) => CodeSet.Of(extractor.Extract(previews, null, CancellationToken.None), layers[0], signature);

            CodeSet database = CodeSet.Of(features, layers[0], signature);
            var row = new List<string> { $"{numbers[0]}", $"{numbers[1]}/{numbers[2]}", $"{rate:0}" };
            row.AddRange(layers.Select(layer => $"{PrecisionAtN.LeaveOneOut(CodeSet.Of(features, layer, signature).Codes, sample.Labels, 10):0.000}"));
            row.AddRange(sample.Altered.Select(altered => database.Found(Encode(altered), i => i * sample.Step)));
            foreach (AlteredSet set in photos)
            {
                CodeSet originals = Encode(set.Previews);
                row.Add($"{PrecisionAtN.LeaveOneOut(originals.Codes, set.Labels, 10):0.000}");
                CodeSet[] all = [.. set.Altered.Select(Encode)];
                row.Add(originals.Found(new CodeSet([.. all.SelectMany(s => s.Codes)], [.. all.SelectMany(s => s.Signatures)]), i => i % set.Previews.Length));
            }

            table.AddRow([.. row]);
            AnsiConsole.WriteLine(string.Join(" | ", row));
        }

        Tables.Show("first-model-choices", table, "64 bits. P@10 by label, leave-one-out. Other columns: share found at place 1 / among the first ten, by distance, signature, item number.");
        return 0;
    }

    private static AlteredSet Load(string name, IReadOnlyList<Picture> pictures, int queries, IReadOnlyList<Distortion> distortions)
    {
        int step = Math.Max(1, pictures.Count / queries);
        Picture[] altered = [.. pictures.Where((_, i) => i % step == 0)];
        return new AlteredSet(
            name,
            [.. pictures.Select(p => p.Label)],
            Network.PreviewAll([.. pictures.Select(p => p.Bytes)]),
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
