using System.IO.Compression;
using System.Security.Cryptography;
using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Tests.Datasets;

public sealed class FashionSampleTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("dpfah-sample-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Sample_has_200_pictures_of_each_class_and_one_query_each()
    {
        IReadOnlyList<SamplePicture> database = FashionSample.ReadDatabase();
        IReadOnlyList<SamplePicture> queries = FashionSample.ReadQueries();

        Assert.Equal(FashionMnist.ClassNames.Order(), database.Select(p => p.Label).Distinct().Order());
        Assert.All(database.GroupBy(p => p.Label), members => Assert.Equal(FashionSample.PerClass, members.Count()));
        Assert.Equal(FashionMnist.ClassNames.Order(), queries.Select(p => p.Label).Order());
    }

    [Fact]
    public void Ids_are_the_archive_s_paths_and_unique()
    {
        SamplePicture[] all = [.. FashionSample.ReadDatabase(), .. FashionSample.ReadQueries()];

        Assert.Equal(all.Length, all.Select(p => p.Id).Distinct().Count());
        Assert.All(FashionSample.ReadDatabase(), p => Assert.Matches($@"^{p.Label}/\d{{5}}\.png$", p.Id));
        Assert.All(FashionSample.ReadQueries(), p => Assert.Matches($@"^query/{p.Label}/\d{{5}}\.png$", p.Id));
    }

    [Fact]
    public void No_two_pictures_are_equal()
    {
        IEnumerable<string> digests = FashionSample.ReadDatabase().Concat(FashionSample.ReadQueries())
            .Select(p => Convert.ToHexString(SHA256.HashData(p.Bytes)));
        Assert.Equal(2010, digests.Distinct().Count());
    }

    [Fact]
    public void Archive_carries_its_licence()
    {
        using var archive = new ZipArchive(FashionSample.OpenArchive());
        using var reader = new StreamReader(archive.GetEntry("LICENSE")!.Open());
        Assert.StartsWith("The MIT License (MIT)\n\nCopyright © 2017 Zalando SE", reader.ReadToEnd());
    }

    [Fact]
    public void Building_twice_gives_the_same_bytes_and_takes_only_pictures_of_the_right_part()
    {
        // The smallest set that fills a sample: per class 100 queries, 500 training pictures, 200 of the database.
        using var set = new IdxFolder(train: 7_900, test: 100);
        string first = Path.Combine(folder, "first.zip");
        string second = Path.Combine(folder, "second.zip");
        FashionSample.Build(set.Path, first);
        FashionSample.Build(set.Path, second);

        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));

        Split split = Split.Make(FashionMnist.Load(set.Path).Labels);
        using ZipArchive archive = ZipFile.OpenRead(first);
        ILookup<bool, int> indices = archive.Entries.Where(e => e.Name.EndsWith(".png"))
            .ToLookup(e => e.FullName.StartsWith("query/"), e => int.Parse(Path.GetFileNameWithoutExtension(e.Name)));
        Assert.Equal(split.Database, indices[false]);
        Assert.Equal(10, indices[true].Count());
        Assert.All(indices[true], index => Assert.Contains(index, split.Query));
    }
}
