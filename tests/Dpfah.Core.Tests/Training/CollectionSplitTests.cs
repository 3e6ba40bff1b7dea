using System.Buffers.Binary;
using Dpfah.Core.Training;

namespace Dpfah.Core.Tests.Training;

public sealed class CollectionSplitTests
{
    private static readonly SplitShares Shares = new();

    [Fact]
    public void Each_label_is_cut_by_its_own_shares()
    {
        CollectionPart[] parts = CollectionSplit.Make([.. Items("a", 100), .. Items("b", 50, from: 1000)], Shares, 1);

        Assert.Equal([60, 10, 10, 20], Counts(parts[..100]));
        Assert.Equal([30, 5, 5, 10], Counts(parts[100..]));
    }

    [Theory]
    [InlineData(1, 1, 0, 0, 0)]
    [InlineData(2, 2, 0, 0, 0)]
    [InlineData(3, 2, 0, 0, 1)]
    [InlineData(5, 2, 1, 1, 1)]
    [InlineData(10, 6, 1, 1, 2)]
    public void A_small_label_keeps_two_pictures_to_train_on(int pictures, int train, int validation, int query, int database) =>
        Assert.Equal([train, validation, query, database], Counts(CollectionSplit.Make(Items("a", pictures), Shares, 7)));

    [Fact]
    public void A_picture_of_several_labels_counts_for_the_rarest()
    {
        // Half of the common label's pictures have a rare one too: as strata they are 50 and 50.
        (IReadOnlyList<string>, byte[])[] items =
            [.. Items("common", 100).Select((item, i) => i % 2 == 0 ? item : ((IReadOnlyList<string>)["common", "rare"], item.Digest))];

        CollectionPart[] parts = CollectionSplit.Make(items, Shares, 3);

        Assert.Equal([30, 5, 5, 10], Counts([.. parts.Where((_, i) => i % 2 == 0)]));
        Assert.Equal([30, 5, 5, 10], Counts([.. parts.Where((_, i) => i % 2 == 1)]));
    }

    [Fact]
    public void Pictures_without_a_label_are_trained_on_only() =>
        Assert.All(CollectionSplit.Make([.. Enumerable.Range(0, 40).Select(i => ((IReadOnlyList<string>)[], Digest(i)))], Shares, 1), part => Assert.Equal(CollectionPart.Train, part));

    [Fact]
    public void The_split_depends_on_pictures_and_seed_and_not_on_their_order()
    {
        (IReadOnlyList<string>, byte[])[] items = Items("a", 200);
        CollectionPart[] parts = CollectionSplit.Make(items, Shares, 1);

        Assert.Equal(parts, Enumerable.Reverse(CollectionSplit.Make([.. Enumerable.Reverse(items)], Shares, 1)));
        Assert.NotEqual(parts, CollectionSplit.Make(items, Shares, 2));
    }

    [Fact]
    public void A_collection_that_grows_makes_no_query_of_a_picture_that_was_trained_on()
    {
        (IReadOnlyList<string>, byte[])[] items = Items("a", 400);
        for (ulong seed = 1; seed <= 20; seed++)
        {
            CollectionPart[] before = CollectionSplit.Make(items[..200], Shares, seed);
            CollectionPart[] after = CollectionSplit.Make(items, Shares, seed);

            Assert.DoesNotContain(Enumerable.Range(0, 200), i => before[i] == CollectionPart.Train && after[i] == CollectionPart.Query);
            Assert.InRange(Enumerable.Range(0, 200).Count(i => before[i] == CollectionPart.Query && after[i] == CollectionPart.Query), 10, 20);
        }
    }

    [Theory]
    [InlineData(-0.1, 0.2, 0.1)]
    [InlineData(0.5, 0.4, 0.1)]
    [InlineData(double.NaN, 0.2, 0.1)]
    public void Shares_that_leave_nothing_to_train_on_are_refused(double query, double database, double validation)
    {
        var shares = new SplitShares(query, database, validation);
        Assert.Contains("leave at least 0.05 to train on", shares.Fault(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => CollectionSplit.Make([], shares, 1));
    }

    private static (IReadOnlyList<string> Labels, byte[] Digest)[] Items(string label, int count, int from = 0) =>
        [.. Enumerable.Range(from, count).Select(i => ((IReadOnlyList<string>)[label], Digest(i)))];

    private static byte[] Digest(int i)
    {
        var digest = new byte[32];
        BinaryPrimitives.WriteInt32BigEndian(digest, i);
        return digest;
    }

    private static int[] Counts(CollectionPart[] parts) => [.. Enum.GetValues<CollectionPart>().Select(part => parts.Count(p => p == part))];
}
