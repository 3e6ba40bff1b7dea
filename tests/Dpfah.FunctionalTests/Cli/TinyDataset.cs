using Dpfah.Learning.Datasets;

namespace Dpfah.FunctionalTests.Cli;

/// <summary>240 pictures of Fashion-MNIST in ten class folders: small enough to be trained on in a second.</summary>
internal static class TinyDataset
{
    private const int PerClass = 24;

    /// <summary>Training pictures of its split.</summary>
    public const int Training = 100;

    /// <summary>Writes the pictures.</summary>
    /// <param name="folder">Where; made.</param>
    public static void Write(string folder)
    {
        foreach (SamplePicture picture in FashionSample.ReadDatabase().GroupBy(p => p.Label).SelectMany(g => g.Take(PerClass)))
        {
            string path = Path.Combine(folder, picture.Id);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, picture.Bytes);
        }
    }

    /// <summary>Options that name the data set and its split.</summary>
    public static string[] Options(string folder) => ["--dataset", "folder", "--data", folder, "--train-per-class", "10", "--queries-per-class", "4"];

    /// <summary>Options that keep a training small, and its sums the same on every machine of one kind.</summary>
    public static string[] Small { get; } = ["--side", "32", "--threads", "1", "--device", "cpu"];
}
