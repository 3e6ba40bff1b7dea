using System.Text.Json;
using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Tests.Datasets;

public sealed class SplitManifestTests : IDisposable
{
    private static readonly SplitRule Rule = new() { QueriesPerClass = 2, TrainPerClass = 4 };

    private readonly TestFolder folder = new();
    private readonly Dataset dataset = SolidPictures.SingleLabel(30);
    private readonly Split split;

    public SplitManifestTests() => split = Split.Make(dataset, Rule);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_is_written_is_what_is_opened()
    {
        SplitManifest written = SplitManifest.Write(folder.Path, dataset, split);
        SplitManifest opened = SplitManifest.Open(folder.Path, dataset);

        Assert.Equal(written.Digest, opened.Digest);
        Assert.Equal(Split.DefaultSeed, opened.Seed);
        Assert.Equal(split.Protocol, opened.Protocol);
        Assert.Equal(new SplitCounts(6, 12, 12), opened.Counts);
        Assert.Equal(split.Database, Indices(opened.OpenDatabase()));
        Assert.Equal(split.Query, Indices(opened.OpenQueries("a test")));

        TrainingPictures training = opened.OpenTraining();
        Assert.Equal(opened.Digest, training.SplitDigest);
        Assert.Equal(split.Train.Select(dataset.Pictures.NameOf), Enumerable.Range(0, 12).Select(training.Pictures.NameOf));
        Assert.All(Enumerable.Range(0, 12), p =>
        {
            Assert.Equal(dataset.LabelsOf(split.Train[p]), training.Pictures.LabelsOf(p));
            Assert.Equal(split.Train[p], training.Pictures.Read(p).Pixels[0]);
        });
    }

    [Fact]
    public void Several_classes_a_picture_and_a_database_with_training_pictures_survive()
    {
        Dataset multi = SolidPictures.MultiLabel(300);
        Split walk = Split.Make(multi, Rule with { DatabaseIncludesTrain = true });
        SplitManifest.Write(folder.Path, multi, walk);

        SplitManifest opened = SplitManifest.Open(folder.Path, multi);

        Assert.Equal(walk.Database, Indices(opened.OpenDatabase()));
        PictureSet training = opened.OpenTraining().Pictures;
        Assert.True(training.Dataset.MultiLabel);
        Assert.All(Enumerable.Range(0, training.Count), p => Assert.Equal(multi.LabelsOf(walk.Train[p]), training.LabelsOf(p)));
    }

    [Fact]
    public void A_list_has_one_line_a_picture_and_one_column_a_class()
    {
        SplitManifest.Write(folder.Path, dataset, split);
        string[] lines = File.ReadAllLines(folder.File("query.txt"));
        Assert.Equal(split.Query.Select(i => $"picture {i} {string.Join(' ', Enumerable.Range(0, 3).Select(c => i % 3 == c ? 1 : 0))}"), lines);
    }

    [Fact]
    public void Every_run_writes_the_same_bytes()
    {
        using var second = new TestFolder();
        SplitManifest.Write(folder.Path, dataset, split);
        SplitManifest.Write(second.Path, SolidPictures.SingleLabel(30), Split.Make(SolidPictures.SingleLabel(30), Rule));

        string[] files = ["database.txt", "query.txt", "split.json", "train.txt"];
        Assert.Equal(files, Directory.GetFiles(folder.Path).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(folder.File(file)), File.ReadAllBytes(second.File(file))));
    }

    [Fact]
    public void Digest_changes_with_the_seed_the_protocol_and_the_labels()
    {
        string[] digests =
        [
            Digest(dataset, split),
            Digest(dataset, Split.Make(dataset, Rule with { Seed = 1 })),
            Digest(dataset, Split.Make(dataset, Rule with { DatabaseIncludesTrain = true })),
            Digest(dataset, Split.Predefined(30, split.Query, split.Train, split.Database, "other words")),
            Digest(
                new Dataset(
                    dataset.Name,
                    dataset.ClassNames,
                    false,
                    dataset.Pictures,
                    [.. Enumerable.Range(0, 30).Select(i => new[] { (i + 1) % 3 })]),
                split),
        ];
        Assert.Equal(digests.Length, digests.Distinct().Count());

        static string Digest(Dataset dataset, Split split)
        {
            using var folder = new TestFolder();
            return SplitManifest.Write(folder.Path, dataset, split).Digest;
        }
    }

    [Fact]
    public void Description_names_data_set_seed_counts_and_digests()
    {
        SplitManifest manifest = SplitManifest.Write(folder.Path, dataset, split);

        JsonElement json = JsonDocument.Parse(File.ReadAllBytes(folder.File("split.json"))).RootElement;

        Assert.Equal("solid", json.GetProperty("dataset").GetString());
        Assert.Equal("20220501", json.GetProperty("seed").GetString());
        Assert.Equal(12, json.GetProperty("train").GetProperty("count").GetInt32());
        Assert.Matches("^[0-9a-f]{64}$", json.GetProperty("database").GetProperty("sha256").GetString());
        Assert.Equal(manifest.Digest, json.GetProperty("digest").GetString());
    }

    [Fact]
    public void Writing_again_changes_nothing_and_restores_a_lost_list()
    {
        SplitManifest.Write(folder.Path, dataset, split);
        byte[] query = File.ReadAllBytes(folder.File("query.txt"));
        File.Delete(folder.File("query.txt"));

        SplitManifest.Write(folder.Path, dataset, split);

        Assert.Equal(query, File.ReadAllBytes(folder.File("query.txt")));
    }

    [Fact]
    public void Another_split_in_the_folder_is_not_replaced()
    {
        SplitManifest.Write(folder.Path, dataset, split);
        byte[] before = File.ReadAllBytes(folder.File("train.txt"));

        var error = Assert.Throws<InvalidDataException>(
            () => SplitManifest.Write(folder.Path, dataset, Split.Make(dataset, Rule with { Seed = 1 })));

        Assert.EndsWith("is there already and belongs to another split. Choose another folder, or remove that split first.", error.Message);
        Assert.Equal(before, File.ReadAllBytes(folder.File("train.txt")));
    }

    [Theory]
    [InlineData("train.txt")]
    [InlineData("query.txt")]
    [InlineData("database.txt")]
    public void An_edited_list_is_refused(string file)
    {
        SplitManifest.Write(folder.Path, dataset, split);
        string[] lines = File.ReadAllLines(folder.File(file));
        File.WriteAllLines(folder.File(file), lines.Reverse());
        SplitManifest manifest = SplitManifest.Open(folder.Path, dataset);

        var error = Assert.Throws<InvalidDataException>(() => Open(manifest, file));

        Assert.StartsWith($"'{folder.File(file)}' was edited: its SHA-256 is ", error.Message);
        Assert.EndsWith("A split is never edited: restore the file, or write the split anew into an empty folder.", error.Message);
        Assert.Equal(0, manifest.QueryReads);
        Assert.All(new[] { "train.txt", "query.txt", "database.txt" }.Where(other => other != file), other => Open(manifest, other));
    }

    [Fact]
    public void An_edited_description_is_refused()
    {
        SplitManifest.Write(folder.Path, dataset, split);
        string text = File.ReadAllText(folder.File("split.json"));

        AssertRefused(text.Replace("\"20220501\"", "\"1\""), "was edited: its digest is ");
        AssertRefused("{}", "does not describe a split");
        AssertRefused("null", "has the format 0");
        AssertRefused(text.Replace("\"format\": 1", "\"format\": 2"), "has the format 2; this program reads 1");

        void AssertRefused(string content, string detail)
        {
            File.WriteAllText(folder.File("split.json"), content);
            var error = Assert.Throws<InvalidDataException>(() => SplitManifest.Open(folder.Path, dataset));
            Assert.StartsWith($"'{folder.File("split.json")}' ", error.Message);
            Assert.Contains(detail, error.Message);
        }
    }

    [Fact]
    public void A_folder_without_a_split_is_named()
    {
        var error = Assert.Throws<FileNotFoundException>(() => SplitManifest.Open(folder.Path, dataset));
        Assert.Equal($"'{folder.File("split.json")}' is missing: '{folder.Path}' holds no split. Write one there first.", error.Message);
    }

    [Fact]
    public void Another_data_set_is_refused()
    {
        SplitManifest.Write(folder.Path, dataset, split);

        var error = Assert.Throws<InvalidDataException>(() => SplitManifest.Open(folder.Path, SolidPictures.SingleLabel(31)));
        Assert.Contains("splits the data set 'solid' of 30 pictures in 3 classes; given is 'solid' of 31 pictures", error.Message);

        int[][] otherLabels = [.. Enumerable.Range(0, 30).Select(i => new[] { (i + 1) % 3 })];
        SplitManifest manifest = SplitManifest.Open(
            folder.Path, new Dataset("solid", dataset.ClassNames, multiLabel: false, dataset.Pictures, otherLabels));
        Assert.Contains("line 1 names 'picture", Assert.Throws<InvalidDataException>(manifest.OpenTraining).Message);
    }

    [Fact]
    public void Training_needs_no_other_list_and_reaches_no_other_picture()
    {
        SplitManifest.Write(folder.Path, dataset, split);
        File.Delete(folder.File("query.txt"));
        File.Delete(folder.File("database.txt"));

        SplitManifest manifest = SplitManifest.Open(folder.Path, dataset);
        Dataset reachable = manifest.OpenTraining().Pictures.Dataset;

        Assert.Equal(split.Train.Select(dataset.Pictures.NameOf), Enumerable.Range(0, reachable.Count).Select(reachable.Pictures.NameOf));
        Assert.Equal(split.Train.Count, reachable.Pictures.Count);
        Assert.Equal(0, manifest.QueryReads);
        Assert.Contains("query.txt' is missing", Assert.Throws<InvalidDataException>(() => manifest.OpenQueries("a test")).Message);
        Assert.Equal(0, manifest.QueryReads);
    }

    [Fact]
    public void Each_opening_of_the_queries_is_written_down()
    {
        var clock = new FixedClock(new DateTimeOffset(2026, 1, 2, 5, 4, 5, 6, TimeSpan.FromHours(2)));
        SplitManifest.Write(folder.Path, dataset, split);
        SplitManifest manifest = SplitManifest.Open(folder.Path, dataset, clock);
        Assert.Equal(0, manifest.QueryReads);

        manifest.OpenTraining();
        manifest.OpenDatabase();
        Assert.Equal(0, manifest.QueryReads);

        manifest.OpenQueries("evaluate dpfah");
        SplitManifest.Open(folder.Path, dataset, clock).OpenQueries("evaluate dsh");

        Assert.Equal(2, manifest.QueryReads);
        Assert.Equal(
            ["2026-01-02T03:04:05.006Z evaluate dpfah", "2026-01-02T03:04:05.006Z evaluate dsh"], File.ReadAllLines(folder.File("query-reads.log")));
    }

    [Fact]
    public void Openings_at_one_time_are_all_written_down()
    {
        SplitManifest manifest = SplitManifest.Write(folder.Path, dataset, split);
        Parallel.For(0, 8, i => manifest.OpenQueries($"run {i}"));
        Assert.Equal(8, manifest.QueryReads);
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("two\nlines")]
    public void A_purpose_is_one_line_of_text(string purpose)
    {
        SplitManifest manifest = SplitManifest.Write(folder.Path, dataset, split);
        Assert.Throws<ArgumentException>(() => manifest.OpenQueries(purpose));
        Assert.Equal(0, manifest.QueryReads);
    }

    [Fact]
    public void Queries_stay_closed_when_the_log_cannot_be_written()
    {
        SplitManifest manifest = SplitManifest.Write(folder.Path, dataset, split);
        Directory.CreateDirectory(folder.File("query-reads.log"));
        Assert.ThrowsAny<UnauthorizedAccessException>(() => manifest.OpenQueries("a test"));
    }

    private static void Open(SplitManifest manifest, string file)
    {
        switch (file)
        {
            case "train.txt":
                manifest.OpenTraining();
                break;
            case "query.txt":
                manifest.OpenQueries("a test");
                break;
            default:
                manifest.OpenDatabase();
                break;
        }
    }

    private static IEnumerable<int> Indices(PictureSet pictures) => Enumerable.Range(0, pictures.Count).Select(pictures.IndexOf);
}
