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

    [Fact]
    public void A_data_set_is_split_as_its_labels_are()
    {
        Dataset dataset = SolidPictures.SingleLabel(60);
        byte[] labels = [.. Enumerable.Range(0, 60).Select(i => (byte)(i % 3))];

        Split expected = Split.Make(labels, queriesPerClass: 3, trainPerClass: 5, seed: 7);
        Split actual = Split.Make(dataset, new SplitRule { QueriesPerClass = 3, TrainPerClass = 5, Seed = 7 });

        Assert.Equal(expected.Query, actual.Query);
        Assert.Equal(expected.Train, actual.Train);
        Assert.Equal(expected.Database, actual.Database);
        Assert.Equal(7UL, actual.Seed);
        Assert.Equal("3 queries and 5 training pictures of each class; database: the rest", actual.Protocol);
        Assert.NotEqual(expected.Query, Split.Make(dataset, new SplitRule { QueriesPerClass = 3, TrainPerClass = 5, Seed = 8 }).Query);
    }

    [Fact]
    public void Database_can_hold_the_training_pictures()
    {
        var rule = new SplitRule { QueriesPerClass = 3, TrainPerClass = 5 };
        Dataset dataset = SolidPictures.SingleLabel(60);

        Split without = Split.Make(dataset, rule);
        Split with = Split.Make(dataset, rule with { DatabaseIncludesTrain = true });

        Assert.Equal(without.Query, with.Query);
        Assert.Equal(without.Train, with.Train);
        Assert.Equal(36, without.Database.Count);
        Assert.Equal(51, with.Database.Count);
        Assert.Equal(without.Database.Concat(without.Train).Order(), with.Database);
    }

    [Fact]
    public void A_class_that_is_too_small_is_named_with_its_number()
    {
        Dataset dataset = SolidPictures.SingleLabel(8);

        var rule = new SplitRule { QueriesPerClass = 1, TrainPerClass = 1 };

        AssertRefused(
            rule,
            "Class 'class 2' of 'solid' has 2 pictures; 1 queries and 1 training pictures leave none for the database.");
        AssertRefused(
            new SplitRule { QueriesPerClass = 2, TrainPerClass = 3, DatabaseIncludesTrain = true },
            "Class 'class 0' of 'solid' has 3 pictures; 2 queries and 3 training pictures need 5.");
        Assert.Equal(5, Split.Make(dataset, rule with { DatabaseIncludesTrain = true }).Database.Count);

        void AssertRefused(SplitRule rule, string message) =>
            Assert.Equal(message, Assert.Throws<InvalidDataException>(() => Split.Make(dataset, rule)).Message);
    }

    [Fact]
    public void The_walk_fills_the_quotas_of_every_class()
    {
        Dataset dataset = SolidPictures.MultiLabel(2_000);

        Split split = Split.Make(dataset, new SplitRule { QueriesPerClass = 4, TrainPerClass = 20, DatabaseIncludesTrain = true });

        Assert.Equal(4 * 6, split.Query.Count);
        Assert.Equal(20 * 6, split.Train.Count);
        Assert.Empty(split.Query.Intersect(split.Train));
        Assert.Equal(Enumerable.Range(0, 2_000).Except(split.Query), split.Database);
        Assert.All(Enumerable.Range(0, 6), c =>
        {
            Assert.True(split.Train.Count(i => dataset.LabelsOf(i).Contains(c)) >= 20);
            Assert.True(split.Query.Count(i => dataset.LabelsOf(i).Contains(c)) >= 4);
        });
    }

    [Fact]
    public void The_walk_is_that_of_published_code()
    {
        // The rule of swuxyj/DeepHash-pytorch, data/nuswide_21/code.py, written down once more.
        Dataset dataset = SolidPictures.MultiLabel(500);
        int[] order = [.. Enumerable.Range(0, 500)];
        new SeededRandom(9).Shuffle(order.AsSpan());
        var train = new Dictionary<int, int>();
        var query = new Dictionary<int, int>();
        foreach (int index in order)
        {
            foreach (int c in dataset.LabelsOf(index))
            {
                if (train.Values.Count(v => v == c) < 10)
                {
                    train[index] = c;
                    break;
                }

                if (query.Values.Count(v => v == c) < 2)
                {
                    query[index] = c;
                    break;
                }
            }
        }

        Split split = Split.Make(dataset, new SplitRule { QueriesPerClass = 2, TrainPerClass = 10, Seed = 9 });

        Assert.Equal(train.Keys.Order(), split.Train);
        Assert.Equal(query.Keys.Order(), split.Query);
        Assert.Equal(Enumerable.Range(0, 500).Except(train.Keys).Except(query.Keys), split.Database);
    }

    [Fact]
    public void A_class_whose_quota_stays_open_is_named()
    {
        var error = Assert.Throws<InvalidDataException>(
            () => Split.Make(SolidPictures.MultiLabel(50), new SplitRule { QueriesPerClass = 2, TrainPerClass = 20 }));
        Assert.Matches(
            @"^Class 'class \d' of 'solid-multi' has \d+ pictures, .* \d+ of its 2 queries and 20 training pictures were not found", error.Message);
    }

    [Fact]
    public void A_predefined_split_is_checked()
    {
        Assert.Equal([1, 3], Split.Predefined(4, [0], [3, 1], [1, 2], "lists").Train);
        Assert.Throws<ArgumentException>(() => Split.Predefined(4, [0], [0], [1], "query trained on"));
        Assert.Throws<ArgumentException>(() => Split.Predefined(4, [0], [1], [0], "query in the database"));
        Assert.Throws<ArgumentException>(() => Split.Predefined(4, [0], [1, 1], [2], "twice"));
        Assert.Throws<ArgumentException>(() => Split.Predefined(4, [4], [1], [2], "out of range"));
    }
}
