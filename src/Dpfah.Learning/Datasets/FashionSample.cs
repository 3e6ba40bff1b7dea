using System.IO.Compression;
using System.Text;

namespace Dpfah.Learning.Datasets;

/// <summary>
/// The demo's pictures, carried by this assembly as one archive: 2,000 of Fashion-MNIST's database part (200 a class) and ten of its
/// query part (one a class), so no picture was trained on and no query is in the database.
/// </summary>
public static class FashionSample
{
    /// <summary>Database pictures of each class.</summary>
    public const int PerClass = 200;

    private const string Resource = "fashion-mnist-sample.zip";
    private const string QueryFolder = "query/";
    private static readonly DateTimeOffset Timestamp = new(2017, 8, 25, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The 2,000 pictures to search in, in pool order (classes mixed).</summary>
    public static IReadOnlyList<SamplePicture> ReadDatabase() => Read(query: false);

    /// <summary>The ten pictures to search with, one of each class.</summary>
    public static IReadOnlyList<SamplePicture> ReadQueries() => Read(query: true);

    /// <summary>
    /// Opens the archive itself: PNG files at <c>class/pool-index.png</c> and <c>query/class/pool-index.png</c>, README, licence.
    /// </summary>
    public static Stream OpenArchive() =>
        typeof(FashionSample).Assembly.GetManifestResourceStream(Resource)
        ?? throw new InvalidOperationException($"The assembly was built without its resource {Resource}.");

    /// <summary>Makes the archive anew from the full data set; the same bytes on every run.</summary>
    /// <param name="idxFolder">Folder of the four IDX files.</param>
    /// <param name="path">Archive to write; overwritten.</param>
    /// <exception cref="FileNotFoundException">The data set is missing.</exception>
    /// <exception cref="InvalidDataException">The data set is damaged.</exception>
    public static void Build(string idxFolder, string path)
    {
        FashionMnist pool = FashionMnist.Load(idxFolder);
        Split split = Split.Make(pool.Labels);
        using FileStream file = File.Create(path);
        using var archive = new ZipArchive(file, ZipArchiveMode.Create);
        AddEntry(archive, "LICENSE", FashionSampleTexts.Licence.ReplaceLineEndings("\n"));
        AddEntry(archive, "README", FashionSampleTexts.Readme.ReplaceLineEndings("\n"));
        foreach (int index in FirstOfEachClass(pool, split.Query, 1))
        {
            AddEntry(archive, QueryFolder + pool.NameOf(index), GreyPng.Encode(pool.Pixels(index), FashionMnist.Side));
        }

        foreach (int index in FirstOfEachClass(pool, split.Database, PerClass))
        {
            AddEntry(archive, pool.NameOf(index), GreyPng.Encode(pool.Pixels(index), FashionMnist.Side));
        }
    }

    private static List<SamplePicture> Read(bool query)
    {
        using var archive = new ZipArchive(OpenArchive(), ZipArchiveMode.Read);
        var pictures = new List<SamplePicture>();
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            if (!entry.FullName.EndsWith(".png", StringComparison.Ordinal)
                || entry.FullName.StartsWith(QueryFolder, StringComparison.Ordinal) != query)
            {
                continue;
            }

            var bytes = new byte[entry.Length];
            using Stream stream = entry.Open();
            stream.ReadExactly(bytes);
            pictures.Add(new SamplePicture(entry.FullName, entry.FullName.Split('/')[^2], bytes));
        }

        return pictures;
    }

    private static IEnumerable<int> FirstOfEachClass(FashionMnist pool, IReadOnlyList<int> part, int perClass)
    {
        var taken = new int[FashionMnist.ClassNames.Count];
        return part.Where(index => taken[pool.Labels[index]]++ < perClass);
    }

    private static void AddEntry(ZipArchive archive, string name, string text) =>
        AddEntry(archive, name, Encoding.UTF8.GetBytes(text));

    private static void AddEntry(ZipArchive archive, string name, byte[] bytes)
    {
        ZipArchiveEntry entry = archive.CreateEntry(name, CompressionLevel.NoCompression);
        entry.LastWriteTime = Timestamp;
        entry.ExternalAttributes = Convert.ToInt32("100644", 8) << 16; // regular file, rw-r--r--
        using Stream stream = entry.Open();
        stream.Write(bytes);
    }
}
