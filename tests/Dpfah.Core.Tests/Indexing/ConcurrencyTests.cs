using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;

namespace Dpfah.Core.Tests.Indexing;

public class ConcurrencyTests
{
    private const int Items = 200;
    private const int Versions = 1_500;

    [Fact]
    public async Task Readers_beside_a_writer_see_each_set_of_changes_whole()
    {
        var index = new HammingIndex<int>(32, 8, new IndexTuning { TailCapacity = 64 });
        index.Apply([.. PutAll(0)]);
        IndexSnapshot<int> first = index.Snapshot;
        using var start = new Barrier(4);
        int written = 0;

        Task<int> writer = Run(() =>
        {
            for (int version = 1; version <= Versions; version++)
            {
                // Every id moves to another code; an id beyond them comes and goes.
                index.Apply([.. PutAll(version), version % 2 == 1 ? Put(Items, version) : IndexChange<int>.Delete(Items)]);
            }

            Volatile.Write(ref written, 1);
            return Versions;
        });
        Task<int>[] readers =
        [
            .. Enumerable.Range(0, 3).Select(_ => Run(() =>
            {
                int last = 0;
                do
                {
                    last = AssertWhole(index.Snapshot, last);
                    Assert.Equal(0, AssertWhole(first, 0));
                }
                while (Volatile.Read(ref written) == 0);

                return AssertWhole(index.Snapshot, last);
            })),
        ];

        await writer;
        Assert.All(await Task.WhenAll(readers), version => Assert.Equal(Versions, version));

        Task<TResult> Run<TResult>(Func<TResult> work) => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return work();
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    /// <summary>All items are of one version, not older than the last one seen; by enumeration, by id and by search.</summary>
    private static int AssertWhole(IndexSnapshot<int> snapshot, int last)
    {
        IndexEntry<int>[] entries = [.. snapshot.Entries];
        int version = Assert.Single(entries.Select(e => e.Item).Distinct());
        Assert.True(version >= last);
        Assert.Equal(Items + (version % 2), entries.Length);
        Assert.Equal(entries.Length, snapshot.Count);
        Assert.Equal(version % 2 == 1, snapshot.TryGet(Items, out _));
        foreach (long id in new long[] { 0, 77, Items - 1 })
        {
            Assert.True(snapshot.TryGet(id, out IndexEntry<int> entry));
            Assert.Equal((id, Code(id, version), version), (entry.Id, entry.Code, entry.Item));
            IndexAnswer<int> answer = snapshot.Search(new IndexQuery<int> { Code = entry.Code, Signature = entry.Signature, K = 1 });
            Assert.Equal(new Neighbor<int>(id, 0, null, 0, version), Assert.Single(answer.Neighbors));
        }

        return version;
    }

    private static IEnumerable<IndexChange<int>> PutAll(int version) => Enumerable.Range(0, Items).Select(id => Put(id, version));

    private static IndexChange<int> Put(long id, int version) => IndexChange<int>.Put(id, Code(id, version), BinaryCode.FromBytes([0]), version);

    private static BinaryCode Code(long id, int version) => BinaryCode.FromBytes(BitConverter.GetBytes((int)id + (version * 1_000)));
}
