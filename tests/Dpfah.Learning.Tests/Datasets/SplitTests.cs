using System.Text.Json;
using Dpfah.Learning.Datasets;

namespace Dpfah.Learning.Tests.Datasets;

public class SplitTests
{
    [Fact]
    public void Split_is_the_reference_s()
    {
        JsonElement reference = ReferenceFile.Read("Datasets/seeded_random.json").GetProperty("split");
        byte[] labels = [.. reference.GetProperty("labels").EnumerateArray().Select(v => v.GetByte())];

        Split split = Split.Make(
            labels,
            reference.GetProperty("queries_per_class").GetInt32(),
            reference.GetProperty("train_per_class").GetInt32(),
            ulong.Parse(reference.GetProperty("seed").GetString()!));

        Assert.Equal(Indices("query"), split.Query);
        Assert.Equal(Indices("train"), split.Train);
        Assert.Equal(Indices("database"), split.Database);

        IEnumerable<int> Indices(string part) => reference.GetProperty(part).EnumerateArray().Select(v => v.GetInt32());
    }

    [Fact]
    public void Parts_share_no_picture_and_leave_none_out()
    {
        byte[] labels = [.. Enumerable.Range(0, 10_000).Select(i => (byte)(i % 10))];

        Split split = Split.Make(labels);

        Assert.Equal(Enumerable.Range(0, labels.Length), split.Query.Concat(split.Train).Concat(split.Database).Order());
        Assert.All(split.Query.GroupBy(i => labels[i]), members => Assert.Equal(100, members.Count()));
        Assert.All(split.Train.GroupBy(i => labels[i]), members => Assert.Equal(500, members.Count()));
        Assert.All(split.Database.GroupBy(i => labels[i]), members => Assert.Equal(400, members.Count()));
    }

    [Fact]
    public void A_class_that_is_too_small_is_named()
    {
        var error = Assert.Throws<ArgumentException>(() => Split.Make([0, 0, 0, 1, 1], queriesPerClass: 1, trainPerClass: 1));
        Assert.Contains("Class 1 has 2 pictures", error.Message);
    }
}
