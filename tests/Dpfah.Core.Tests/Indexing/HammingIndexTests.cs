using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;

namespace Dpfah.Core.Tests.Indexing;

public class HammingIndexTests
{
    private static readonly BinaryCode Signature = BinaryCode.FromBytes([7]);

    [Fact]
    public void A_put_id_is_found_by_id_and_by_code()
    {
        HammingIndex<Item> index = Index(Put(5, 0b0011));
        Assert.True(index.Snapshot.TryGet(5, out IndexEntry<Item> entry));
        Assert.Equal(new IndexEntry<Item>(5, Code(0b0011), Signature, new Item("3", 0)), entry);
        Assert.Equal([entry], index.Snapshot.Entries);
        Assert.Equal([5], Found(index.Snapshot, 0b0011));
        Assert.False(index.Snapshot.TryGet(6, out _));
    }

    [Fact]
    public void The_newer_of_two_puts_of_an_id_replaces_the_older()
    {
        HammingIndex<Item> index = Index(Put(1, 10), Put(2, 20), Put(1, 30));
        index.Apply([Put(2, 40)]);
        Assert.Equal(2, index.Snapshot.Count);
        Assert.Equal([(1L, "30"), (2L, "40")], index.Snapshot.Entries.Select(e => (e.Id, e.Item.Name)).Order());
        Assert.Empty(Found(index.Snapshot, 10));
        Assert.Equal([1], Found(index.Snapshot, 30));
    }

    [Fact]
    public void A_deleted_id_is_gone_until_it_is_put_again()
    {
        HammingIndex<Item> index = Index(Put(1, 10), Put(2, 20), Put(3, 30));
        index.Apply([IndexChange<Item>.Delete(2), IndexChange<Item>.Delete(99)]);
        Assert.Equal(2, index.Snapshot.Count);
        Assert.False(index.Snapshot.TryGet(2, out _));
        Assert.Empty(Found(index.Snapshot, 20));

        index.Apply([Put(2, 21), IndexChange<Item>.Delete(1), Put(1, 11), IndexChange<Item>.Delete(3)]);
        Assert.Equal([(1L, "11"), (2L, "21")], index.Snapshot.Entries.Select(e => (e.Id, e.Item.Name)).Order());
        Assert.True(index.Snapshot.TryGet(1, out IndexEntry<Item> entry));
        Assert.Equal("11", entry.Item.Name);
    }

    [Fact]
    public void Changes_with_a_code_of_another_length_are_refused_whole()
    {
        HammingIndex<Item> index = Index(Put(1, 10));
        IndexSnapshot<Item> before = index.Snapshot;
        var item = new Item("wrong", 0);
        Assert.Throws<ArgumentException>("code", () => index.Apply([Put(2, 20), IndexChange<Item>.Put(3, Signature, Signature, item)]));
        Assert.Throws<ArgumentException>("code", () => index.Apply([Put(2, 20), IndexChange<Item>.Put(3, default, Signature, item)]));
        Assert.Throws<ArgumentException>("signature", () => index.Apply([Put(2, 20), IndexChange<Item>.Put(3, Code(1), Code(1), item)]));
        Assert.Same(before, index.Snapshot);
    }

    [Fact]
    public void An_index_of_impossible_length_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("bits", () => new HammingIndex<Item>(12));
        Assert.Throws<ArgumentOutOfRangeException>("signatureBits", () => new HammingIndex<Item>(64, 12));
    }

    [Fact]
    public void An_old_snapshot_stays_as_it_was()
    {
        HammingIndex<Item> index = Index([.. Enumerable.Range(0, 5_000).Select(id => Put(id, id))]);
        IndexSnapshot<Item> old = index.Snapshot;
        IndexEntry<Item>[] entries = [.. old.Entries];

        // Replaces all, twice, so that the old slots are compacted away; then deletes and adds.
        index.Apply([.. Enumerable.Range(0, 5_000).Select(id => Put(id, id + 1))]);
        index.Apply([.. Enumerable.Range(0, 5_000).Select(id => Put(id, id + 2))]);
        index.Apply([.. Enumerable.Range(0, 2_500).Select(id => IndexChange<Item>.Delete(id)), .. Enumerable.Range(9_000, 500).Select(id => Put(id, id))]);

        Assert.Equal(entries, old.Entries);
        Assert.Equal(5_000, old.Count);
        Assert.False(old.TryGet(9_000, out _));
        Assert.All(entries.Where(e => e.Id % 100 == 0), entry =>
        {
            Assert.True(old.TryGet(entry.Id, out IndexEntry<Item> found));
            Assert.Equal(entry, found);
            Assert.Equal([entry.Id], Found(old, (int)entry.Id));
        });
    }

    [Fact]
    public void Slots_are_given_up_when_more_than_half_are_dead()
    {
        HammingIndex<Item> index = Index([.. Enumerable.Range(0, 10_000).Select(id => Put(id, id))]);
        long fullBytes = index.Snapshot.MemoryBytes;

        index.Apply([.. Enumerable.Range(0, 5_000).Select(id => IndexChange<Item>.Delete(id))]);
        Assert.Equal((5_000, 10_000), (index.Snapshot.Count, index.Snapshot.Slots));

        index.Apply([IndexChange<Item>.Delete(5_000)]);
        Assert.Equal((4_999, 4_999), (index.Snapshot.Count, index.Snapshot.Slots));
        Assert.True(index.Snapshot.MemoryBytes < 0.6 * fullBytes);
        Assert.Equal(Enumerable.Range(5_001, 4_999).Select(id => (long)id), index.Snapshot.Entries.Select(e => e.Id));
        Assert.True(index.Snapshot.TryGet(9_999, out _));

        index.Apply([.. Enumerable.Range(5_001, 4_999).Select(id => IndexChange<Item>.Delete(id))]);
        Assert.Equal((0, 0), (index.Snapshot.Count, index.Snapshot.Slots));
    }

    [Fact]
    public void Replacing_again_and_again_does_not_grow_the_index()
    {
        HammingIndex<Item> index = Index([.. Enumerable.Range(0, 1_000).Select(id => Put(id, id))]);
        long bytes = index.Snapshot.MemoryBytes;
        for (int round = 1; round <= 20; round++)
        {
            index.Apply([.. Enumerable.Range(0, 1_000).Select(id => Put(id, id + round))]);
        }

        Assert.Equal(1_000, index.Snapshot.Count);
        Assert.InRange(index.Snapshot.MemoryBytes, 0, 3 * bytes);
    }

    [Fact]
    public void Adding_an_item_does_not_copy_the_index()
    {
        HammingIndex<Item> index = Index([.. Enumerable.Range(0, 50_000).Select(id => Put(id, id))]);
        IndexChange<Item>[][] changes = [.. Enumerable.Range(50_000, 100).Select(id => new[] { Put(id, id) })];
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (IndexChange<Item>[] change in changes)
        {
            index.Apply(change);
        }

        long perItem = (GC.GetAllocatedBytesForCurrentThread() - before) / changes.Length;
        Assert.InRange(perItem, 0, index.Snapshot.MemoryBytes / 100);
    }

    private static HammingIndex<Item> Index(params IndexChange<Item>[] changes)
    {
        var index = new HammingIndex<Item>(32, 8);
        index.Apply(changes);
        return index;
    }

    private static IndexChange<Item> Put(long id, int code) => IndexChange<Item>.Put(id, Code(code), Signature, new Item($"{code}", 0));

    private static BinaryCode Code(int value) => BinaryCode.FromBytes(BitConverter.GetBytes(value));

    private static IEnumerable<long> Found(IndexSnapshot<Item> snapshot, int code) =>
        snapshot.Search(new IndexQuery<Item> { Code = Code(code), K = 100, Radius = 0 }).Neighbors.Select(n => n.Id);
}
